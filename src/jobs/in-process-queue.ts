import { asPromptsError, PromptsError } from '../errors.ts'
import { keys } from '../state/keys.ts'
import type { StateStore } from '../state/state-store.ts'
import { anyTurn, type DeadLetter, type Job, type JobQueue, queueFull, shutdown, type Wait, waitSeconds } from './job-queue.ts'
import { type Turn, Turns } from './turns.ts'

interface Entry<T> {
  id: string
  data: T
  attempt: number
  addedAt: number
  /** Its turn; absent in entries of versions before there were any. */
  place?: number
}

const keepMs = 7 * 24 * 3600_000
const doneMs = 24 * 3600_000
/** How much the last job's time weighs in the mean of all. */
const weight = 0.05

export interface InProcessQueueOptions {
  /** Names the queue in the state store. */
  name: string
  state: StateStore
  /** Jobs that may wait or run. */
  limit: number
  /** Tries a job gets in all; a process that died in one has used it up. */
  attempts?: number
  /** Pause before a second try, doubled for the next. */
  retryDelayMs?: number
}

/**
 * Jobs in this process, bounded. Each accepted job is written to the state store before `add` returns and taken out when it is
 * done, so a restarted process goes on with what was accepted. For one process only: two would each work the same store's jobs.
 */
export class InProcessQueue<T> implements JobQueue<T> {
  readonly #options: Required<InProcessQueueOptions>
  readonly #waiting: Entry<T>[] = []
  readonly #active = new Map<string, { controller: AbortController; ended: Promise<void> }>()
  /** Jobs that wait for their next try. */
  readonly #resting = new Map<string, NodeJS.Timeout>()
  #handler: ((job: Job<T>) => Promise<void>) | null = null
  #onFailed: ((job: { id: string; data: T }, error: unknown) => Promise<void>) | null = null
  readonly #turns = new Turns()
  #meanMs: number | null = null
  #concurrency = 0
  #loaded: Promise<void> | null = null
  #closing = false
  #idle: (() => void) | null = null

  constructor(options: InProcessQueueOptions) {
    this.#options = { attempts: 3, retryDelayMs: 500, ...options }
  }

  async add(id: string, data: T, turn: Turn = anyTurn): Promise<void> {
    await this.#load()
    if (this.#closing) throw new PromptsError('unavailable', 'The queue is shutting down', { hint: 'Ask again in a minute.' })
    if ((await this.#options.state.get(this.#doneKey(id))) !== null) return
    if (this.#size() >= this.#options.limit) {
      const running = this.#active.size
      throw queueFull(this.#options.limit, this.#meanMs === null || running === 0 ? null : this.#meanMs / running / 1000)
    }
    const entry: Entry<T> = { id, data, attempt: 0, addedAt: Date.now(), place: this.#turns.take(turn, this.#waiting.length === 0) }
    const value = JSON.stringify(entry)
    if ((await this.#options.state.setIfAbsent(this.#key(id), value, keepMs)) !== value) return
    if (await this.has(id)) return
    this.#enqueue(entry)
    this.#next()
  }

  async work(
    handler: (job: Job<T>) => Promise<void>,
    options: { concurrency: number; onFailed?: (job: { id: string; data: T }, error: unknown) => Promise<void> },
  ): Promise<void> {
    this.#handler = handler
    this.#concurrency = options.concurrency
    this.#onFailed = options.onFailed ?? null
    await this.#load()
    this.#next()
  }

  async cancel(id: string): Promise<boolean> {
    await this.#load()
    const at = this.#waiting.findIndex((entry) => entry.id === id)
    if (at >= 0) {
      this.#waiting.splice(at, 1)
      await this.#finish(id)
      return true
    }
    const resting = this.#resting.get(id)
    if (resting !== undefined) {
      clearTimeout(resting)
      this.#resting.delete(id)
      await this.#finish(id)
      return true
    }
    const running = this.#active.get(id)
    running?.controller.abort(new PromptsError('cancelled', 'Cancelled'))
    return running !== undefined
  }

  async has(id: string): Promise<boolean> {
    await this.#load()
    return this.#active.has(id) || this.#resting.has(id) || this.#waiting.some((entry) => entry.id === id)
  }

  async depth(): Promise<{ waiting: number; active: number }> {
    await this.#load()
    return { waiting: this.#waiting.length + this.#resting.size, active: this.#active.size }
  }

  async ahead(id: string): Promise<Wait | null> {
    await this.#load()
    const jobs = this.#waiting.findIndex((entry) => entry.id === id)
    const running = this.#active.size
    return jobs < 0 ? null : { jobs, running, seconds: waitSeconds(jobs, running, this.#meanMs) }
  }

  async list(state: 'waiting' | 'active', limit: number): Promise<{ id: string; data: T }[]> {
    await this.#load()
    if (state === 'waiting') return this.#waiting.slice(0, limit).map(({ id, data }) => ({ id, data }))
    const kept = await this.#options.state.list(keys.jobs(this.#options.name), this.#options.limit)
    const entries = kept.map(({ value }) => JSON.parse(value) as Entry<T>)
    return entries.filter((entry) => this.#active.has(entry.id)).slice(0, limit)
  }

  async deadLetters(limit: number): Promise<DeadLetter<T>[]> {
    const kept = await this.#options.state.list(keys.deadJobs(this.#options.name), this.#options.limit)
    return kept
      .map(({ value }) => JSON.parse(value) as DeadLetter<T>)
      .sort((a, b) => b.at.localeCompare(a.at))
      .slice(0, limit)
  }

  async retry(id: string): Promise<boolean> {
    const kept = await this.#options.state.get(this.#deadKey(id))
    if (kept === null) return false
    // its failure may still be told: as long as that takes it is no new job
    await this.#active.get(id)?.ended.catch(() => {})
    const { data } = JSON.parse(kept) as DeadLetter<T>
    await this.#options.state.delete(this.#doneKey(id))
    await this.add(id, data)
    await this.#options.state.delete(this.#deadKey(id))
    return true
  }

  async drop(id: string): Promise<boolean> {
    if ((await this.#options.state.get(this.#deadKey(id))) === null) return false
    await this.#options.state.delete(this.#deadKey(id))
    return true
  }

  async close(graceMs = 10_000): Promise<void> {
    this.#closing = true
    for (const timer of this.#resting.values()) clearTimeout(timer)
    this.#resting.clear()
    if (this.#active.size === 0) return
    const idle = new Promise<void>((resolve) => {
      this.#idle = resolve
    })
    const abort = setTimeout(() => {
      for (const { controller } of this.#active.values()) controller.abort(shutdown())
    }, graceMs)
    const giveUp = new Promise<void>((resolve) => setTimeout(resolve, graceMs + 5000).unref())
    await Promise.race([idle, giveUp])
    clearTimeout(abort)
  }

  #load(): Promise<void> {
    this.#loaded ??= (async () => {
      const kept = await this.#options.state.list(keys.jobs(this.#options.name), this.#options.limit)
      const entries = kept.map(({ value }) => JSON.parse(value) as Entry<T>)
      for (const entry of entries.sort((a, b) => a.addedAt - b.addedAt)) this.#enqueue(entry)
    })()
    return this.#loaded
  }

  /** Behind all whose turn is not later. */
  #enqueue(entry: Entry<T>): void {
    const at = this.#waiting.findLastIndex((other) => (other.place ?? 0) <= (entry.place ?? 0))
    this.#waiting.splice(at + 1, 0, entry)
  }

  #next(): void {
    while (this.#handler !== null && !this.#closing && this.#active.size < this.#concurrency) {
      const entry = this.#waiting.shift()
      if (entry === undefined) return
      const controller = new AbortController()
      this.#turns.started(entry.place ?? 0)
      const ended = this.#run(entry, controller)
      this.#active.set(entry.id, { controller, ended })
      void ended.finally(() => {
        this.#active.delete(entry.id)
        if (this.#active.size === 0) this.#idle?.()
        this.#next()
      })
    }
  }

  async #run(entry: Entry<T>, controller: AbortController): Promise<void> {
    entry.attempt += 1
    const started = performance.now()
    try {
      if (entry.attempt > this.#options.attempts) throw new PromptsError('internal', `Given up after ${this.#options.attempts} tries`)
      await this.#options.state.set(this.#key(entry.id), JSON.stringify(entry), keepMs)
      await this.#handler?.({ id: entry.id, data: entry.data, attempt: entry.attempt, signal: controller.signal })
      await this.#finish(entry.id)
    } catch (thrown) {
      await this.#failed(entry, controller.signal, thrown)
    } finally {
      const tookMs = performance.now() - started
      this.#meanMs = this.#meanMs === null ? tookMs : this.#meanMs + (tookMs - this.#meanMs) * weight
    }
  }

  async #failed(entry: Entry<T>, signal: AbortSignal, thrown: unknown): Promise<void> {
    if (signal.aborted) {
      // shut down: the stored entry stays for the next process, which should not count this try
      if (this.#closing) {
        await this.#options.state.set(this.#key(entry.id), JSON.stringify({ ...entry, attempt: entry.attempt - 1 }), keepMs)
        return
      }
      await this.#finish(entry.id)
      return
    }
    if (entry.attempt < this.#options.attempts && asPromptsError(thrown).retryable) {
      const timer = setTimeout(
        () => {
          this.#resting.delete(entry.id)
          this.#enqueue(entry)
          this.#next()
        },
        this.#options.retryDelayMs * 2 ** (entry.attempt - 1),
      )
      this.#resting.set(entry.id, timer)
      return
    }
    try {
      const { message } = asPromptsError(thrown)
      const letter: DeadLetter<T> = {
        id: entry.id,
        data: entry.data,
        attempts: entry.attempt,
        reason: message,
        at: new Date().toISOString(),
      }
      await this.#options.state.set(this.#deadKey(entry.id), JSON.stringify(letter), keepMs)
      await this.#onFailed?.({ id: entry.id, data: entry.data }, thrown)
    } finally {
      await this.#finish(entry.id)
    }
  }

  async #finish(id: string): Promise<void> {
    await this.#options.state.set(this.#doneKey(id), '1', doneMs)
    await this.#options.state.delete(this.#key(id))
  }

  #size(): number {
    return this.#waiting.length + this.#active.size + this.#resting.size
  }

  #key(id: string): string {
    return keys.job(this.#options.name, id)
  }

  #deadKey(id: string): string {
    return keys.deadJob(this.#options.name, id)
  }

  #doneKey(id: string): string {
    return keys.jobDone(this.#options.name, id)
  }
}
