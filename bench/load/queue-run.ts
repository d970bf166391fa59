import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { percentile } from '../../test/support/load/least-time.ts'
import { ask } from '../../test/support/product/ask.ts'
import { type Product, startProduct } from '../../test/support/product/spawn-product.ts'
import { startRedisServer } from '../../test/support/redis-server.ts'
import { Forwarder } from '../../test/support/slack/forwarder.ts'
import { Workspace } from '../../test/support/slack/workspace.ts'
import { writeExperiments } from './experiments.ts'

/** How diagnoses are worked: by workers over Redis, by the bot itself, or all at once without a queue. */
export type Shape = { kind: 'workers'; count: number } | { kind: 'embedded' } | { kind: 'no queue' }

export interface QueueLoadOptions {
  shape: Shape
  runs: number
  /** Milliseconds between two questions. */
  everyMs: number
  channels: number
  deadlineSeconds: number
  say: (line: string) => void
}

export interface QueueLoad {
  shape: string
  runs: number
  /** Diagnoses a second, from the first question to the last one's end. */
  perSecond: number
  ackP99Ms: number
  /** From a question to its third card in Slack, seconds. */
  cardsP50: number
  cardsP99: number
  /** From a question to its diagnosis being done: without Slack's pace. */
  doneP50: number
  doneP99: number
  /** The most that each process held, MiB. */
  residentMib: Record<string, number>
  /** Once a sample: seconds since the start, MiB by process. */
  samples: { at: number; mib: Record<string, number> }[]
  unanswered: number
  doubled: number
  violations: number
  load: number
}

const sampleMs = 2000
/** All are done and nothing is posted any more for so long. */
const quietSeconds = 8

/** Questions at a pace, answered by the product as it ships on an emulated Slack; what it took. */
export async function runQueueLoad(options: QueueLoadOptions): Promise<QueueLoad> {
  const { shape, runs, say } = options
  const folder = mkdtempSync(join(tmpdir(), 'prompts-queue-load-'))
  const ids = writeExperiments(join(folder, 'experiments'), runs)
  const redis = shape.kind === 'workers' ? await startRedisServer() : null
  const slack = await Workspace.start({ users: 40, channels: options.channels, calls: runs * 12 })
  const env = {
    PROMPTS_EXPERIMENTS: join(folder, 'experiments'),
    PROMPTS_LOG_LEVEL: 'info',
    PROMPTS_ALLOW_GUESTS: '1',
    ...(redis === null ? {} : { REDIS_URL: redis.url }),
  }
  const common = { api: slack.apiUrl, home: join(folder, 'home'), env }
  const processes: Record<string, Product> = {}
  try {
    const script = shape.kind === 'no queue' ? { script: fileURLToPath(new URL('./no-queue-bot.ts', import.meta.url)) } : {}
    processes['serve'] = await startProduct({ ...common, command: 'serve', ...script })
    for (let at = 1; shape.kind === 'workers' && at <= shape.count; at += 1) {
      processes[`worker ${at}`] = await startProduct({ ...common, command: 'worker' })
    }
    const forwarder = new Forwarder(slack, processes['serve'].url)
    const ended = new Map<string, number>()
    for (const one of Object.values(processes)) watchEnds(one, ended)
    const samples: QueueLoad['samples'] = []
    const started = performance.now()
    const sampler = setInterval(() => samples.push({ at: (performance.now() - started) / 1000, mib: residentOf(processes) }), sampleMs)
    const asked: { id: string; channel: string; ts: string; at: number }[] = []
    const wallStart = Date.now()
    for (const [at, id] of ids.entries()) {
      await sleep(Math.max(0, started + at * options.everyMs - performance.now()))
      const channel = slack.channels[at % slack.channels.length]!
      const { ts } = await ask({ slack, forwarder }, { person: at % slack.users.length, channel, text: `diagnose ${id}` })
      asked.push({ id, channel, ts, at: Date.now() })
      if (at % 500 === 499) say(`asked ${at + 1}, done ${ended.size}`)
    }
    say(`all asked after ${((Date.now() - wallStart) / 1000).toFixed(0)} s`)
    const until = performance.now() + options.deadlineSeconds * 1000
    let told = 0
    let before = -1
    for (let quiet = 0; performance.now() < until && quiet < quietSeconds; ) {
      await sleep(1000)
      const now = ended.size + posted(slack)
      quiet = ended.size >= runs && now === before ? quiet + 1 : 0
      before = now
      told += 1
      if (told % 30 === 0) say(`done ${ended.size}, posts ${posted(slack)}`)
    }
    clearInterval(sampler)
    return await measure(options, { slack, forwarder, asked, ended, samples })
  } finally {
    for (const one of Object.values(processes)) await one.end('SIGKILL')
    await slack.stop()
    await redis?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Notes when each experiment's diagnosis ended, by the one log line of a run. */
export function watchEnds(product: Product, ended: Map<string, number>): void {
  product.child.stderr?.on('data', (chunk: Buffer) => {
    for (const [, id] of chunk.toString().matchAll(/"experiment":"(load-\d+)","end":"done"/g))
      if (id !== undefined) ended.set(id, Date.now())
  })
}

function residentOf(processes: Record<string, Product>): Record<string, number> {
  return Object.fromEntries(Object.entries(processes).map(([name, one]) => [name, Math.round(one.residentMib())]))
}

function posted(slack: Workspace): number {
  return slack.gate.calls.filter(({ ts }) => ts !== null).length
}

async function measure(
  { shape, runs }: QueueLoadOptions,
  {
    slack,
    forwarder,
    asked,
    ended,
    samples,
  }: {
    slack: Workspace
    forwarder: Forwarder
    asked: { id: string; channel: string; ts: string; at: number }[]
    ended: Map<string, number>
    samples: QueueLoad['samples']
  },
): Promise<QueueLoad> {
  const third = new Map<string, number>()
  for (const { ts, body, at } of slack.gate.calls) {
    if (ts === null || !(body.metadata ?? '').includes('/card')) continue
    const thread = `${body.channel}/${body.thread_ts}`
    third.set(thread, Math.max(third.get(thread) ?? 0, at))
  }
  let unanswered = 0
  let doubled = 0
  const cards: number[] = []
  for (const { channel, ts, at } of asked) {
    const answers = await slack.answers(channel, ts)
    const names = answers.map((one) => String(one.metadata?.event_payload?.['key']).split('/').at(-1))
    if (!names.includes('root') || !names.includes('card1')) unanswered += 1
    if (new Set(names).size !== names.length) doubled += 1
    const last = third.get(`${channel}/${ts}`)
    if (last !== undefined) cards.push((last - at) / 1000)
  }
  const done = asked.flatMap(({ id, at }) => (ended.has(id) ? [(ended.get(id)! - at) / 1000] : []))
  const first = Math.min(...asked.map(({ at }) => at))
  const names = Object.keys(samples.at(-1)?.mib ?? {})
  return {
    shape: shape.kind === 'workers' ? `${shape.count} ${shape.count === 1 ? 'worker' : 'workers'}` : shape.kind,
    runs,
    perSecond: ended.size / ((Math.max(...ended.values()) - first) / 1000),
    ackP99Ms: percentile(forwarder.ackMs, 0.99),
    ...{ cardsP50: percentile(cards, 0.5), cardsP99: percentile(cards, 0.99) },
    ...{ doneP50: percentile(done, 0.5), doneP99: percentile(done, 0.99) },
    residentMib: Object.fromEntries(names.map((name) => [name, Math.max(...samples.map(({ mib }) => mib[name] ?? 0))])),
    samples,
    unanswered,
    doubled,
    violations: slack.gate.violations.length,
    load: loadavg()[1] ?? 0,
  }
}
