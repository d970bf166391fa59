import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Row } from '../row.ts'
import type { Stage } from '../stage.ts'

const library = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1'
const lacks = () => (existsSync(library) ? null : 'libfaketime')

/** The environment of a host whose clock is what libfaketime says. */
function clock(more: Record<string, string>): Record<string, string> {
  return { LD_PRELOAD: library, FAKETIME_DONT_FAKE_MONOTONIC: '1', ...more }
}

async function answered(stage: Stage, server: Record<string, string>, worker: Record<string, string>, meanwhile = async () => {}) {
  await stage.startRedis()
  await stage.serve({ env: server })
  await stage.worker({ env: worker })
  await stage.ask()
  await stage.ask()
  await meanwhile()
  await stage.ask()
  const wrong: string[] = []
  if (!(await stage.settle(90))) wrong.push('not all answered in 90 s')
  for (const question of stage.questions) {
    const text = await stage.read(question)
    if (text.includes('Diagnosing')) wrong.push('a summary was lost to its own progress')
  }
  return { saw: 'summary and three cards, in order, nothing left saying "Diagnosing"', wrong }
}

export const clockRows: Row[] = [
  ...['-2h', '-3s', '+2h'].map((off) => ({
    name: `The worker's clock ${off} off`,
    how: `libfaketime ${off} on the worker`,
    lacks,
    run: (stage: Stage) => answered(stage, {}, clock({ FAKETIME: off })),
  })),
  ...['+2h', '-2h'].map((off) => ({
    name: `The server's clock ${off} off`,
    how: `libfaketime ${off} on serve, over HTTP, where Slack's signatures have an age`,
    lacks,
    async run(stage: Stage) {
      await stage.startRedis()
      const server = stage.spawn('serve', { env: clock({ FAKETIME: off }) })
      await server.ended(60_000)
      const said = server.lines.findLast((line) => line.startsWith('prompts: ')) ?? ''
      const wrong = server.child.exitCode === 4 && said.includes('clock') ? [] : [`exit code ${server.child.exitCode}: ${said}`]
      return { saw: `exit 4: "${said.replace('prompts: ', '')}"`, wrong }
    },
  })),
  {
    name: 'Clocks that step',
    how: "libfaketime's file rewritten in mid-run: +2h to −2h on the worker",
    lacks,
    async run(stage) {
      const file = join(stage.folder, 'clock')
      writeFileSync(file, '+2h\n')
      const stepping = clock({ FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1' })
      return answered(stage, {}, stepping, async () => {
        await stage.until(20, async () => (await stage.slack.answers(stage.questions[0]!.channel, stage.questions[0]!.ts)).length > 0)
        writeFileSync(file, '-2h\n')
      })
    },
  },
]
