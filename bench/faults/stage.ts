import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../../test/support/product/ask.ts'
import { type Product, type ProductOptions, spawnProduct, startProduct } from '../../test/support/product/spawn-product.ts'
import { freePort, type RedisServer, startRedisServer } from '../../test/support/redis-server.ts'
import { Forwarder } from '../../test/support/slack/forwarder.ts'
import { printThread, Workspace } from '../../test/support/slack/workspace.ts'
import { writeExperiments } from '../load/experiments.ts'

/** Something that a person asked, and where. */
export interface Question {
  channel: string
  ts: string
  askedAt: number
  acked: Promise<number>
}

/** What became of all questions. */
export interface Verdict {
  asked: number
  lost: number
  doubled: number
  /** From a question to the first sign in its thread, and to its answer (or why there is none), the longest of all. */
  longestWordSeconds: number
  longestAnswerSeconds: number
}

type Start = Partial<Omit<ProductOptions, 'command' | 'api'>>

const channels = 8
const experiments = 40

/** An emulated workspace, a Redis, a place for runs, and processes of the product: one for each row. */
export class Stage {
  readonly slack: Workspace
  readonly folder: string
  readonly experiments: string[]
  readonly questions: Question[] = []
  readonly forwarder: Forwarder
  redis: RedisServer | null = null
  readonly #processes: Product[] = []
  readonly #cleanups: (() => unknown)[] = []

  /** Where `serve` listens, each time that it is started. */
  readonly port: number

  private constructor(slack: Workspace, folder: string, port: number) {
    this.slack = slack
    this.folder = folder
    this.port = port
    this.experiments = writeExperiments(join(folder, 'experiments'), experiments)
    this.forwarder = new Forwarder(slack, '')
  }

  static async open(options: { channels?: number } = {}): Promise<Stage> {
    const slack = await Workspace.start({ channels: options.channels ?? channels, users: 4, calls: 20_000 })
    return new Stage(slack, mkdtempSync(join(tmpdir(), 'prompts-faults-')), await freePort())
  }

  get home(): string {
    return join(this.folder, 'home')
  }

  async startRedis(port?: number): Promise<RedisServer> {
    this.redis = await startRedisServer(port === undefined ? {} : { port })
    this.onClose(() => this.redis?.stop())
    return this.redis
  }

  /** Is done at the end, the last first. */
  onClose(work: () => unknown): void {
    this.#cleanups.unshift(work)
  }

  /** `prompts serve`, up; questions go to it. */
  async serve(options: Start = {}): Promise<Product> {
    const server = await startProduct(this.#options('serve', { ...options, env: { PORT: String(this.port), ...options.env } }))
    this.#processes.push(server)
    this.forwarder.url = server.url
    return server
  }

  /** What `/ready` of serve says. */
  async ready(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.port}/ready`, { signal: AbortSignal.timeout(5000) })).text()
  }

  async worker(options: Start = {}): Promise<Product> {
    const worker = await startProduct(this.#options('worker', options))
    this.#processes.push(worker)
    return worker
  }

  /** Started, whether it comes up or not. */
  spawn(command: 'serve' | 'worker', options: Start = {}): Product {
    const product = spawnProduct(this.#options(command, options))
    this.#processes.push(product)
    return product
  }

  /** A worker with its health port. */
  async watchedWorker(options: Start = {}): Promise<{ worker: Product; health: string }> {
    const port = await freePort()
    const worker = await this.worker({ ...options, env: { ...options.env, PROMPTS_HEALTH_PORT: String(port) } })
    return { worker, health: `http://127.0.0.1:${port}` }
  }

  /** Someone asks, each time in another channel and for another experiment. */
  async ask(text?: string, more: { person?: number; channel?: string; retryMs?: readonly number[] } = {}): Promise<Question> {
    const at = this.questions.length
    const channel = more.channel ?? this.slack.channels[at % this.slack.channels.length]!
    const said = text ?? `diagnose ${this.experiments[at % this.experiments.length]}`
    const retry = more.retryMs === undefined ? {} : { retryMs: more.retryMs }
    const askedAt = Date.now()
    const { ts, acked } = await ask(this, { person: more.person ?? at % 4, channel, text: said, ...retry })
    const question = { channel, ts, askedAt, acked }
    this.questions.push(question)
    return question
  }

  /** What a thread says, without what was asked. */
  async read({ channel, ts }: Question): Promise<string> {
    return printThread(await this.slack.answers(channel, ts))
  }

  /** Waits until each question has its answer, or why there is none. @returns Whether they have. */
  async settle(withinSeconds: number): Promise<boolean> {
    return this.until(withinSeconds, async () => (await Promise.all(this.questions.map((one) => this.isAnswered(one)))).every(Boolean))
  }

  async until(withinSeconds: number, holds: () => Promise<boolean> | boolean): Promise<boolean> {
    const end = performance.now() + withinSeconds * 1000
    while (performance.now() < end) {
      if (await holds()) return true
      await sleep(250)
    }
    return false
  }

  async isAnswered(question: Question): Promise<boolean> {
    const answers = await this.slack.answers(question.channel, question.ts)
    const text = JSON.stringify(answers.map((one) => one.blocks))
    if (answers.length === 0 || text.includes('"type":"plan"')) return false
    return answers.length >= 4 || text.includes(':x:') || text.includes(':no_entry_sign:')
  }

  /** After some quiet: what is lost, what came twice, who waited how long. */
  async verdict(): Promise<Verdict> {
    await sleep(3000)
    const verdict: Verdict = { asked: this.questions.length, lost: 0, doubled: 0, longestWordSeconds: 0, longestAnswerSeconds: 0 }
    for (const question of this.questions) {
      if (!(await this.isAnswered(question))) verdict.lost += 1
      const answers = await this.slack.answers(question.channel, question.ts)
      const keys = answers.map((one) => String(one.metadata?.event_payload?.['key']))
      if (new Set(keys).size !== keys.length) verdict.doubled += 1
      const { first, last } = this.#timesOf(question)
      verdict.longestWordSeconds = Math.max(verdict.longestWordSeconds, (first - question.askedAt) / 1000)
      verdict.longestAnswerSeconds = Math.max(verdict.longestAnswerSeconds, (last - question.askedAt) / 1000)
    }
    return verdict
  }

  /** When the first sign of ours came in a question's thread, and when the last message of its answer. */
  #timesOf({ channel, ts }: Question): { first: number; last: number } {
    const own = this.slack.gate.calls.filter(({ outcome }) => outcome === 'passed' || outcome === 'answer_lost')
    const inThread = own.filter(
      ({ body, method }) => body.channel === channel && (body.thread_ts === ts || (method === 'reactions.add' && body.timestamp === ts)),
    )
    const cards = inThread.filter(({ method, body }) => method === 'chat.postMessage' && /\/card\d"/.test(body.metadata ?? ''))
    const now = Date.now()
    return { first: inThread[0]?.at ?? now, last: (cards.length > 0 ? cards : inThread).at(-1)?.at ?? now }
  }

  async close(): Promise<void> {
    for (const one of this.#processes) await one.end('SIGKILL')
    for (const cleanup of this.#cleanups) await cleanup()
    await this.slack.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  #options(command: 'serve' | 'worker', { env = {}, ...more }: Start): ProductOptions {
    return {
      ...{ command, api: this.slack.apiUrl, home: this.home },
      env: {
        ...{ PROMPTS_EXPERIMENTS: join(this.folder, 'experiments'), PROMPTS_START_SECONDS: '30' },
        ...(this.redis === null ? {} : { REDIS_URL: this.redis.url }),
        ...env,
      },
      ...more,
    }
  }
}
