import { parseArgs } from 'node:util'
import { type QueueLoad, runQueueLoad, type Shape } from './queue-run.ts'

/**
 * `npm run load:queue`: diagnoses asked faster than they are worked, by one worker and by two, by the bot alone, and without a
 * queue. `-- --soak-minutes 30`: at a pace that is kept, and whether memory stays.
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '2000' },
    channels: { type: 'string', default: '200' },
    shapes: { type: 'string', default: '1 worker,2 workers,embedded,no queue' },
    'soak-minutes': { type: 'string' },
    'soak-every-ms': { type: 'string', default: '2000' },
  },
})
const say = (line: string) => console.error(line)

function shapeOf(name: string): Shape {
  const workers = /^(\d+) workers?$/.exec(name)?.[1]
  if (workers !== undefined) return { kind: 'workers', count: Number(workers) }
  if (name === 'embedded' || name === 'no queue') return { kind: name }
  throw new Error(`no shape "${name}"`)
}

function row(result: QueueLoad): string {
  const memory = Object.entries(result.residentMib).map(([name, mib]) => `${name} ${mib} MiB`)
  const cells = [
    ...[result.shape, String(result.runs), result.perSecond.toFixed(1), `${result.ackP99Ms.toFixed(0)} ms`],
    ...[
      `${result.doneP50.toFixed(1)} s`,
      `${result.doneP99.toFixed(1)} s`,
      `${result.cardsP50.toFixed(1)} s`,
      `${result.cardsP99.toFixed(1)} s`,
    ],
    ...[memory.join(', '), `${result.unanswered} / ${result.doubled}`, result.load.toFixed(1)],
  ]
  return `| ${cells.join(' | ')} |`
}

/** MiB an hour by least squares over the second half, when caches are filled and every thread was once started. */
function growth({ samples }: QueueLoad, name: string): number {
  const points = samples.slice(Math.floor(samples.length / 2)).map(({ at, mib }) => ({ x: at / 3600, y: mib[name] ?? 0 }))
  const mean = (of: number[]) => of.reduce((a, b) => a + b, 0) / of.length
  const [x, y] = [mean(points.map((one) => one.x)), mean(points.map((one) => one.y))]
  const above = points.reduce((sum, one) => sum + (one.x - x) * (one.y - y), 0)
  return above / points.reduce((sum, one) => sum + (one.x - x) ** 2, 0)
}

console.log('| worked by | runs | runs/s | ack p99 | done p50 | done p99 | cards p50 | cards p99 | most memory | lost / doubled | load |')
console.log('|---|---|---|---|---|---|---|---|---|---|---|')
let isWrong = false
if (values['soak-minutes'] === undefined) {
  for (const name of values.shapes.split(',')) {
    say(`${name}:`)
    const result = await runQueueLoad({
      ...{ shape: shapeOf(name), runs: Number(values.runs), everyMs: 0, channels: Number(values.channels), deadlineSeconds: 3000, say },
    })
    console.log(row(result))
    isWrong ||= result.unanswered + result.doubled + result.violations > 0
  }
} else {
  const everyMs = Number(values['soak-every-ms'])
  const runs = Math.round((Number(values['soak-minutes']) * 60_000) / everyMs)
  const shape: Shape = { kind: 'workers', count: 1 }
  const result = await runQueueLoad({ shape, runs, everyMs, channels: Number(values.channels), deadlineSeconds: 600, say })
  console.log(row(result))
  for (const name of Object.keys(result.residentMib)) {
    const tenths = Array.from({ length: 10 }, (_, at) => {
      const part = result.samples.slice((at * result.samples.length) / 10, ((at + 1) * result.samples.length) / 10)
      return Math.round(part.reduce((sum, { mib }) => sum + (mib[name] ?? 0), 0) / Math.max(1, part.length))
    })
    console.log(`${name}: MiB by tenths of the time ${tenths.join(' ')}; ${growth(result, name).toFixed(0)} MiB an hour in the second half`)
  }
  isWrong = result.unanswered + result.doubled + result.violations > 0
}
process.exitCode = isWrong ? 1 : 0
