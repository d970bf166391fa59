import { parseArgs } from 'node:util'
import { type LoadResult, runLoad } from '../../test/support/load/run-load.ts'

/** `npm run load:slack`: 1,000 mentions in 20 s over 50 channels against the emulated Slack. Exits 1 where a bound is broken. */
const { values } = parseArgs({
  options: {
    mentions: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '20' },
    channels: { type: 'string', default: '50' },
    embedded: { type: 'boolean', default: false },
    'no-crash': { type: 'boolean', default: false },
    'no-compiler': { type: 'boolean', default: false },
    'late-every': { type: 'string', default: '8' },
  },
})
const result = await runLoad({
  ...{ mentions: Number(values.mentions), seconds: Number(values.seconds), channels: Number(values.channels) },
  ...{ redis: !values.embedded, crash: !values['no-crash'], compiler: !values['no-compiler'] },
  // every eighth run's verdicts come after 40 s, when most of its cards stand already
  lateVerdicts: { every: Number(values['late-every']), ms: 40_000 },
  // as Slack: at once, after a minute, after five
  retryAfterMs: [1000, 60_000, 300_000],
  deadlineSeconds: 900,
  say: (line) => console.error(line),
})
console.log(describe(result))
const bounds: [string, boolean][] = [
  ['each acked in under 300 ms at the 99th percentile', result.ackP99Ms < 300],
  [
    'each answered exactly once: one summary and three cards, in order; the whole conversation too, also over the crash',
    result.wrong.length === 0,
  ],
  ['each card says what the compiler said, or a message below it does', result.unheard === 0],
  ["Slack's limits never exceeded, no block refused", result.violations.length === 0],
]
for (const [bound, holds] of bounds) console.log(`${holds ? 'holds ' : 'BROKEN'}  ${bound}`)
process.exitCode = bounds.every(([, holds]) => holds) ? 0 : 1

function describe(result: LoadResult): string {
  const lines = [
    `${result.mentions} mentions; ${result.deliveries} deliveries acked, ${result.duplicates} of them duplicates, ${result.retried} tries without an ack`,
    `ack: median ${result.ackP50Ms.toFixed(0)} ms, 99th percentile ${result.ackP99Ms.toFixed(0)} ms, worst ${result.ackWorstMs.toFixed(0)} ms`,
    `last answer after ${result.lastAnswerSeconds.toFixed(1)} s; the least that Slack's limits allow: ${result.leastSeconds.toFixed(1)} s`,
    `the channel that was last: ${parts(result)}`,
    `last message of all (compiler verdicts) after ${result.lastMessageSeconds.toFixed(1)} s`,
    `${result.posts} posts, ${result.edits} edits, ${result.reactions} reactions, ${result.verdictMessages} messages with a run's verdicts`,
    `injected: ${result.injected429s} 429s, ${result.lostAnswers} posts whose answer was lost`,
    ...result.wrong.slice(0, 10).map((line) => `wrong: ${line}`),
    ...result.violations.slice(0, 10).map((line) => `violation: ${line}`),
  ]
  return lines.join('\n')
}

function parts({ slowest: { posts, leastSeconds, beyond } }: LoadResult): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
  const each = (ms: number) => `${seconds(ms)}, ${(ms / posts).toFixed(0)} ms each`
  return [
    `${posts} posts, least ${leastSeconds.toFixed(1)} s`,
    `crash ${seconds(beyond.outage)}`,
    `429s ${seconds(beyond.rateLimited)}`,
    `lost answers ${seconds(beyond.answerLost)}`,
    `Slack's answers ${each(beyond.answers)}`,
    `our own ${each(beyond.own)}`,
  ].join('; ')
}
