import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { read } from '../../src/thread/intent.ts'
import { type Intent, intents } from '../../src/thread/reading.ts'

interface Line {
  text: string
  mentioned: boolean
  expect: Intent
  value?: Record<string, unknown>
  also_ok?: Intent[]
}

const [file, part = 'all', verbose] = process.argv.slice(2)
if (file === undefined) {
  process.stderr.write('node bench/thread/score.ts MESSAGES.jsonl [even|odd|all] [-v]\n')
  process.exit(2)
}
const lines = readFileSync(file, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line): Line => JSON.parse(line))
const chosen = lines.filter((_, index) => part === 'all' || (index % 2 === 0) === (part === 'even'))
const table = new Map<string, number>()
const totals = { talk: 0, left: 0, offered: 0, meant: 0, right: 0 }
for (const line of chosen) {
  const got = read(line.text, { mentioned: line.mentioned, cards: 3 })
  const intentOk = got.intent === line.expect || (line.also_ok ?? []).includes(got.intent)
  const right = intentOk && isDeepStrictEqual(got.value, line.value ?? {})
  const key = `${line.expect}\t${got.intent}${intentOk && !right ? ' (other value)' : ''}`
  table.set(key, (table.get(key) ?? 0) + 1)
  if (line.expect === 'ignore') {
    totals.talk++
    if (got.intent === 'ignore') totals.left++
    if (/^(?:outcome|outcome_confirm|oom)$/.test(got.intent)) totals.offered++
  } else {
    totals.meant++
    if (right) totals.right++
  }
  if (verbose && !right)
    process.stdout.write(
      `${line.mentioned ? '@' : '-'} ${line.expect} ${JSON.stringify(line.value ?? {})} got ${got.intent} ${JSON.stringify(got.value)} | ${line.text}\n`,
    )
}
const { talk, left, offered, meant, right } = totals
const percent = (a: number, b: number) => `${a} of ${b} (${b === 0 ? '-' : ((100 * a) / b).toFixed(1)}%)`
process.stdout.write(
  `talk left alone: ${percent(left, talk)}; offered for recording: ${offered}\nmeant, intent and value right: ${percent(right, meant)}\n`,
)
if (!verbose) {
  process.stdout.write('\n| expected | read as | messages |\n|---|---|---|\n')
  for (const intent of intents)
    for (const [key, count] of [...table].filter(([key]) => key.split('\t')[0] === intent).sort((a, b) => b[1] - a[1]))
      process.stdout.write(`| ${key.replace('\t', ' | ')} | ${count} |\n`)
}
