import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Row } from '../row.ts'
import { SocketMode } from '../socket-mode.ts'
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
  ...['+2h', '-2h'].map((off) => ({
    name: `The server's clock ${off} off, over a socket`,
    how: `libfaketime ${off} on serve in Socket Mode, a worker on time`,
    lacks,
    async run(stage: Stage) {
      await stage.startRedis()
      const socket = await SocketMode.open(stage)
      await stage.serve({ env: { ...clock({ FAKETIME: off }), ...socket.env } })
      await stage.worker()
      await socket.connected
      for (let at = 0; at < 3; at += 1) await socket.ask()
      return { saw: 'summary and three cards, in order', wrong: (await stage.settle(90)) ? [] : ['not all answered in 90 s'] }
    },
  })),
  ...[
    ['+2h', '-2h'],
    ['-2h', '+2h'],
  ].map(([first, then]) => ({
    name: `One process whose clock steps from ${first} to ${then}`,
    how: 'no Redis, Socket Mode: libfaketime’s file rewritten in mid-run, then SIGTERM and a start in the other time, and a step back',
    lacks,
    async run(stage: Stage) {
      const file = join(stage.folder, 'clock')
      const step = (to: string) => writeFileSync(file, `${to}\n`)
      step(first!)
      const socket = await SocketMode.open(stage)
      const env = { ...clock({ FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1' }), ...socket.env }
      const one = await stage.serve({ env })
      await socket.connected
      await socket.ask()
      step(then!)
      await socket.ask()
      const wrong: string[] = []
      if (!(await stage.settle(60))) wrong.push('not answered over the step')
      await one.end('SIGTERM')
      step(first!)
      await socket.startAgain()
      await stage.serve({ env })
      await socket.connected
      const [channel] = stage.slack.channels
      // the same channel as before: what paces it was written in another time
      await socket.ask(channel)
      if (!(await stage.settle(60))) wrong.push('not answered after the start')
      return {
        saw: 'answered over the step, and after a start in another time, in a channel that was written to before',
        wrong,
        faultSeconds: 5,
      }
    },
  })),
  {
    name: "The server's clock steps by +2h",
    how: 'libfaketime’s file rewritten in mid-run for 20 s, over HTTP, where Slack sends again what is not acked',
    lacks,
    async run(stage) {
      const file = join(stage.folder, 'clock')
      writeFileSync(file, '+0\n')
      await stage.startRedis()
      await stage.serve({ env: clock({ FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1' }) })
      await stage.worker()
      await stage.ask()
      const wrong: string[] = []
      if (!(await stage.settle(60))) wrong.push('not answered before')
      writeFileSync(file, '+2h\n')
      await stage.ask(undefined, { retryMs: [0, 1000, 24_000, 60_000] })
      const says = /This machine's clock is 120 minutes ahead of Slack's/
      if (!(await stage.until(15, async () => says.test(await stage.ready())))) wrong.push('/ready did not say it')
      await sleep(5000)
      writeFileSync(file, '+0\n')
      if (!(await stage.until(20, async () => !says.test(await stage.ready())))) wrong.push('/ready says it still')
      await stage.ask()
      if (!(await stage.settle(60))) wrong.push('not answered after')
      return {
        saw: `/ready 503: "This machine's clock is 120 minutes ahead of Slack's"; answered once it was set`,
        wrong,
        faultSeconds: 26,
      }
    },
  },
]
