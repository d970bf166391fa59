import { type Job as BullJob, DelayedError, Queue, UnrecoverableError, WaitingError, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { asPromptsError, PromptsError } from '../errors.ts'
import { openRedis } from '../redis/open-redis.ts'
import { anyTurn, type DeadLetter, type Job, type JobQueue, queueFull, shutdown, type Wait, waitSeconds } from './job-queue.ts'
import { Overdue } from './overdue.ts'
import { RedisTurns } from './redis-turns.ts'
import type { Turn } from './turns.ts'

export interface BullMqQueueOptions<T = never> {
  /** Whether this process understands a job; one that it does not is left for another. */
  understands?: (data: T) => boolean
  /** No ":" in it. */
  name: string
  /** Before the queue's keys, and before those of cancelling; by default those of a Redis that one bot has alone. */
  prefix?: string
  cancelPrefix?: string
  redisUrl: string
  /** Jobs that may wait or run. */
  limit: number
  attempts?: number
  retryDelayMs?: number
  /**
   * How often a job's worker may die under it before the job counts as failed: a machine may be restarted twice, a job that kills
   * workers ends.
   */
  maxStalledCount?: number
  /** How long a job stays a dead worker's; renewed at half of it while the worker lives. */
  lockDurationMs?: number
  stalledIntervalMs?: number
  /** How long a job that this process does not understand waits for one that does. */
  notUnderstoodMs?: number
  onError?: (error: Error) => void
}

const doneSeconds = 24 * 3600
/** Dead letters are kept so long, and so many. */
const dead = { age: 7 * 24 * 3600, count: 5000 }
/** So many delayed jobs are looked at: those that should begin first. */
const mostDelayed = 200

/** Jobs in Redis by BullMQ, for any number of workers. Cancelling reaches a running job in another process over pub/sub. */
export class BullMqQueue<T> implements JobQueue<T> {
  readonly #options: Required<BullMqQueueOptions<T>>
  readonly #redis: Redis
  readonly #queue: Queue
  readonly #turns: RedisTurns
  readonly #active = new Map<string, AbortController>()
  #worker: Worker | null = null
  #listener: Redis | null = null
  #closing = false
  #overdueTimer: NodeJS.Timeout | undefined

  constructor(options: BullMqQueueOptions<T>) {
    this.#options = {
      ...{
        attempts: 3,
        retryDelayMs: 500,
        maxStalledCount: 2,
        prefix: 'bull',
        cancelPrefix: 'prompts:cancel:',
        lockDurationMs: 30_000,
        stalledIntervalMs: 15_000,
        notUnderstoodMs: 5000,
        onError: () => {},
      },
      ...options,
      understands: options.understands ?? (() => true),
    }
    this.#redis = openRedis(options.redisUrl, { onError: this.#options.onError })
    this.#queue = new Queue(options.name, { connection: this.#redis, prefix: this.#options.prefix, skipVersionCheck: true })
    this.#queue.on('error', this.#options.onError)
    this.#turns = new RedisTurns(this.#redis, this.#queue.toKey('fair'))
  }

  async add(id: string, data: T, turn: Turn = anyTurn): Promise<void> {
    if (id.includes(':') || /^\d+$/.test(id)) {
      throw new PromptsError('internal', `Job id ${JSON.stringify(id)} is not one BullMQ takes (a ":" or a plain integer)`)
    }
    const { waiting, active } = await this.depth()
    if (waiting + active >= this.#options.limit) {
      if ((await this.#queue.getJob(id)) !== undefined) return
      const meanMs = await this.#turns.meanMs()
      throw queueFull(this.#options.limit, meanMs === null || active === 0 ? null : meanMs / active / 1000)
    }
    await this.#queue.add(this.#options.name, data, {
      jobId: id,
      attempts: this.#options.attempts,
      backoff: { type: 'exponential', delay: this.#options.retryDelayMs },
      removeOnComplete: { age: doneSeconds },
      removeOnFail: dead,
      priority: await this.#turns.take(turn, waiting === 0),
    })
  }

  async work(
    handler: (job: Job<T>) => Promise<void>,
    options: { concurrency: number; onFailed?: (job: { id: string; data: T }, error: unknown) => Promise<void> },
  ): Promise<void> {
    await this.#listenForCancels()
    const worker = new Worker(this.#options.name, (job, token) => this.#process(handler, job, token), {
      connection: openRedis(this.#options.redisUrl, { onError: this.#options.onError, patient: true }),
      prefix: this.#options.prefix,
      concurrency: options.concurrency,
      maxStalledCount: this.#options.maxStalledCount,
      lockDuration: this.#options.lockDurationMs,
      stalledInterval: this.#options.stalledIntervalMs,
      skipVersionCheck: true,
    })
    worker.on('error', this.#options.onError)
    worker.on('failed', (job, error) => {
      if (job === undefined) return
      // BullMQ says "failed" at every try; only the last one is the job's end
      const isLast = job.finishedOn !== undefined
      if (isLast) {
        const cause = error.cause ?? error
        options.onFailed?.({ id: String(job.id), data: job.data as T }, cause).catch(this.#options.onError)
      }
    })
    this.#worker = worker
    const { attempts, retryDelayMs, notUnderstoodMs } = this.#options
    const overdue = new Overdue(1.5 * Math.max(notUnderstoodMs, retryDelayMs * 2 ** (attempts - 1)))
    this.#overdueTimer = setInterval(() => {
      this.#promote(overdue).catch(this.#options.onError)
    }, notUnderstoodMs / 2).unref()
    await worker.waitUntilReady()
  }

  async cancel(id: string): Promise<boolean> {
    const job = await this.#queue.getJob(id)
    if (job === undefined) return false
    const state = await job.getState()
    if (state === 'completed' || state === 'failed') return false
    if (state !== 'active') {
      try {
        await job.remove()
        return true
      } catch {
        // a worker took it in this moment: abort it there
      }
    }
    await this.#redis.set(this.#cancelKey(id), '1', 'EX', 3600)
    await this.#redis.publish(this.#cancelKey(''), id)
    return true
  }

  async has(id: string): Promise<boolean> {
    const job = await this.#queue.getJob(id)
    if (job === undefined) return false
    const state = await job.getState()
    return state !== 'completed' && state !== 'failed' && state !== 'unknown'
  }

  async depth(): Promise<{ waiting: number; active: number }> {
    const counts = await this.#queue.getJobCounts('wait', 'active', 'delayed', 'prioritized')
    return { waiting: (counts.wait ?? 0) + (counts.delayed ?? 0) + (counts.prioritized ?? 0), active: counts.active ?? 0 }
  }

  async ahead(id: string): Promise<Wait | null> {
    const [ranked, queued, waiting, { active }] = await Promise.all([
      this.#redis.zrank(this.#queue.toKey('prioritized'), id),
      this.#redis.lpos(this.#queue.toKey('wait'), id),
      this.#redis.llen(this.#queue.toKey('wait')),
      this.depth(),
    ])
    if (ranked === null && queued === null) return null
    // `wait` is taken from its end, and before all that have a place
    const jobs = ranked === null ? waiting - 1 - (queued ?? 0) : waiting + ranked
    return { jobs, running: active, seconds: waitSeconds(jobs, active, await this.#turns.meanMs()) }
  }

  async list(state: 'waiting' | 'active', limit: number): Promise<{ id: string; data: T }[]> {
    const states = state === 'active' ? (['active'] as const) : (['wait', 'prioritized', 'delayed'] as const)
    const found: { id: string; data: T }[] = []
    for (const one of states) {
      if (found.length >= limit) break
      const jobs = await this.#queue.getJobs([one], 0, limit - found.length - 1, true)
      found.push(...jobs.filter((job) => job !== undefined).map((job) => ({ id: String(job.id), data: job.data as T })))
    }
    return found
  }

  async deadLetters(limit: number): Promise<DeadLetter<T>[]> {
    const jobs = await this.#queue.getJobs(['failed'], 0, limit - 1, false)
    return jobs
      .filter((job) => job !== undefined)
      .map((job) => ({
        ...{ id: String(job.id), data: job.data as T, attempts: job.attemptsStarted, reason: job.failedReason ?? 'unknown' },
        at: new Date(job.finishedOn ?? job.timestamp).toISOString(),
      }))
  }

  async retry(id: string): Promise<boolean> {
    const job = await this.#queue.getJob(id)
    if (job === undefined || !(await job.isFailed())) return false
    await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true })
    return true
  }

  async drop(id: string): Promise<boolean> {
    const job = await this.#queue.getJob(id)
    if (job === undefined || !(await job.isFailed())) return false
    await job.remove()
    return true
  }

  async close(graceMs = 10_000): Promise<void> {
    this.#closing = true
    clearInterval(this.#overdueTimer)
    const abort = setTimeout(() => {
      for (const controller of this.#active.values()) controller.abort(shutdown())
    }, graceMs)
    const worker = this.#worker
    if (worker !== null) {
      const givenUp = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), graceMs + 5000).unref())
      if ((await Promise.race([worker.close(), givenUp])) === 'late') await worker.close(true)
      const connection = worker.opts.connection
      if (connection instanceof Redis) connection.disconnect()
    }
    clearTimeout(abort)
    await this.#queue.close()
    this.#listener?.disconnect()
    this.#redis.disconnect()
  }

  async #process(handler: (job: Job<T>) => Promise<void>, job: BullJob, token: string | undefined): Promise<void> {
    const id = String(job.id)
    if ((await this.#redis.exists(this.#cancelKey(id))) === 1) return
    if (!this.#options.understands(job.data as T)) {
      this.#options.onError(new Error(`job ${id} is of a newer version than this process: left for another`))
      await job.moveToDelayed(Date.now() + this.#options.notUnderstoodMs, token)
      throw new DelayedError()
    }
    const controller = new AbortController()
    this.#active.set(id, controller)
    const started = performance.now()
    try {
      await this.#turns.started(job.priority)
      await handler({ id, data: job.data as T, attempt: Math.max(1, job.attemptsStarted), signal: controller.signal })
    } catch (thrown) {
      if (controller.signal.aborted && !this.#closing) return
      if (controller.signal.aborted) {
        await job.moveToWait(token)
        throw new WaitingError()
      }
      if (asPromptsError(thrown).retryable) throw thrown
      throw Object.assign(new UnrecoverableError(thrown instanceof Error ? thrown.message : String(thrown)), { cause: thrown })
    } finally {
      this.#active.delete(id)
      await this.#turns.ended(performance.now() - started).catch(this.#options.onError)
    }
  }

  /**
   * A job that is to be tried again later waits until a time by the clock of the worker that gave it back, and is let go by the
   * clock of another: where the two differ by hours nobody would take it for hours.
   */
  async #promote(overdue: Overdue): Promise<void> {
    const delayed = await this.#queue.getJobs(['delayed'], 0, mostDelayed - 1, true)
    const late = new Set(overdue.look(delayed.filter((job) => job !== undefined).map(({ id }) => String(id))))
    for (const job of delayed) {
      // another process may have let it go already
      if (job !== undefined && late.has(String(job.id))) await job.promote().catch(() => {})
    }
  }

  async #listenForCancels(): Promise<void> {
    const listener = openRedis(this.#options.redisUrl, { onError: this.#options.onError, patient: true })
    listener.on('message', (_channel, id) => this.#active.get(id)?.abort(new PromptsError('cancelled', 'Cancelled')))
    await listener.subscribe(this.#cancelKey(''))
    this.#listener = listener
  }

  #cancelKey(id: string): string {
    return `${this.#options.cancelPrefix}${this.#options.name}:${id}`
  }
}
