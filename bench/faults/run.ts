import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Row, Seen } from './row.ts'
import { clockRows } from './rows/clocks.ts'
import { diskRows } from './rows/disk.ts'
import { hostRows } from './rows/hosts.ts'
import { processRows } from './rows/processes.ts'
import { redisRows } from './rows/redis.ts'
import { restoreRows } from './rows/restore.ts'
import { secretRows } from './rows/secrets.ts'
import { slackRows } from './rows/slack.ts'
import { Stage, type Verdict } from './stage.ts'

/**
 * `npm run faults`: bad days, each injected for real under the product as it ships, with what the engineer saw and what was lost
 * or came twice. `-- --only WORDS` runs those whose name has the words, `--write` puts what was run into the table of
 * docs/faults.md. Exits 1
 * where something did not hold.
 */
const { values } = parseArgs({ options: { only: { type: 'string' }, write: { type: 'boolean', default: false } } })
const rows = [...redisRows, ...processRows, ...clockRows, ...slackRows, ...hostRows, ...diskRows, ...restoreRows, ...secretRows]
const chosen = rows.filter(({ name }) => values.only === undefined || name.toLowerCase().includes(values.only.toLowerCase()))
/** No thread waits longer than the fault and this. */
const mostSeconds = 60

interface Done {
  row: Row
  seen: Seen
  verdict: Verdict
}

async function inject(row: Row): Promise<Done> {
  const stage = await Stage.open()
  try {
    const seen = await row.run(stage)
    const verdict = await stage.verdict()
    const wrong = [...seen.wrong]
    if (verdict.lost > 0) wrong.push(`${verdict.lost} lost`)
    if (verdict.doubled > 0) wrong.push(`${verdict.doubled} doubled`)
    const beyond = verdict.longestAnswerSeconds - (seen.faultSeconds ?? 0)
    if (beyond > mostSeconds) wrong.push(`a thread waited ${beyond.toFixed(0)} s beyond the fault`)
    return { row, seen: { ...seen, wrong: [...wrong, ...stage.slack.gate.violations] }, verdict }
  } catch (error) {
    const verdict = { asked: stage.questions.length, lost: 0, doubled: 0, longestWordSeconds: 0, longestAnswerSeconds: 0 }
    return { row, seen: { saw: '', wrong: [error instanceof Error ? error.message : String(error)] }, verdict }
  } finally {
    await stage.close().catch((error: unknown) => console.error(`not all cleaned up: ${String(error)}`))
  }
}

function line({ row, seen, verdict }: Done): string {
  const { asked, lost, doubled, longestWordSeconds: word, longestAnswerSeconds: answer } = verdict
  const times = asked === 0 ? ['–', '–'] : [`${word.toFixed(0)} s`, `${answer.toFixed(0)} s`]
  const held = seen.wrong.length === 0 ? 'held' : `BROKEN: ${seen.wrong.join('; ')}`
  const cells = [row.name, row.how, seen.saw, String(asked), `${lost} / ${doubled}`, ...times, held]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
}

const head = [
  '| Fault | How it is injected | What was seen | Asked | Lost / doubled | First sign | Last answer | |',
  '|---|---|---|---|---|---|---|---|',
]
for (const one of head) console.log(one)
const table: string[] = []
let broken = 0
for (const row of chosen) {
  const lacking = row.lacks?.() ?? null
  if (lacking !== null) {
    const left = `| ${row.name} | ${row.how} | left out: needs ${lacking} | | | | | |`
    console.log(left)
    table.push(left)
    continue
  }
  const done = await inject(row)
  if (done.seen.wrong.length > 0) broken += 1
  table.push(line(done))
  console.log(table.at(-1))
}
if (values.write) writeTable()

/** What was run takes the place of what stands for the same rows; the order is this file's. */
function writeTable(): void {
  const path = new URL('../../docs/faults.md', import.meta.url)
  const [before = '', standing = '', after = ''] = readFileSync(path, 'utf8').split(/<!-- table -->|<!-- end -->/)
  const nameOf = (one: string) => one.split(' | ')[0]!.replace(/^\| /, '')
  const lines = new Map([...standing.split('\n'), ...table].map((one) => [nameOf(one), one]))
  const ordered = rows.flatMap(({ name }) => lines.get(name) ?? [])
  writeFileSync(path, `${before}<!-- table -->\n${[...head, ...ordered].join('\n')}\n<!-- end -->${after}`)
}
console.log(broken === 0 ? 'All held.' : `${broken} did not hold.`)
process.exit(broken === 0 ? 0 : 1)
