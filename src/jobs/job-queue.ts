import { PromptsError } from '../errors.ts'
import type { Turn } from './turns.ts'

/** What a worker gets for one job. `signal` aborts on cancel and on shutdown. */
export interface Job<T> {
  id: string
  data: T
  /** 1 for the first try; more after a worker died or the try failed. */
  attempt: number
  signal: AbortSignal
}

/** A job that nobody works any more: its tries are used up, or trying again cannot help. */
export interface DeadLetter<T> {
  id: string
  data: T
  attempts: number
  reason: string
  /** ISO time at which it failed. */
  at: string
}

/**
 * What stands before a waiting job, and how many run. `seconds` is an estimate from how long jobs took of late; null where nobody
 * can say.
 */
export interface Wait {
  jobs: number
  running: number
  seconds: number | null
}

/**
 * One queue of background work. A job that was added is done at least once, on whatever process works the queue, or reported to
 * `onFailed` after its last try; adding an id twice does nothing. Jobs are
 * taken in turn of their tenants and people (`Turn`). Bounded: `add` rejects with `too_large` when the queue is full.
 */
export interface JobQueue<T> {
  add(id: string, data: T, turn?: Turn): Promise<void>
  /** Starts working in this process. `onFailed` hears of jobs whose tries are used up. */
  work(
    handler: (job: Job<T>) => Promise<void>,
    options: { concurrency: number; onFailed?: (job: { id: string; data: T }, error: unknown) => Promise<void> },
  ): Promise<void>
  /** Takes a waiting job out, or aborts it where it runs; true if it was known. */
  cancel(id: string): Promise<boolean>
  /** Whether the job still waits or runs; false for one that is done, failed, or was never added. */
  has(id: string): Promise<boolean>
  depth(): Promise<{ waiting: number; active: number }>
  /** What stands before this job; null where it does not wait. */
  ahead(id: string): Promise<Wait | null>
  /** Jobs that wait (in order) or run, at most `limit`. */
  list(state: 'waiting' | 'active', limit: number): Promise<{ id: string; data: T }[]>
  /** Jobs that failed in the last week, newest first. */
  deadLetters(limit: number): Promise<DeadLetter<T>[]>
  /** Puts a dead letter back into the queue, with all its tries; false where there is none of that id. */
  retry(id: string): Promise<boolean>
  /** Forgets a dead letter; false where there is none of that id. */
  drop(id: string): Promise<boolean>
  /** Stops taking jobs, waits for running ones up to `graceMs`, then aborts them. */
  close(graceMs?: number): Promise<void>
}

/** The one message of a full queue. */
export function queueFull(limit: number, secondsEach: number | null = null): PromptsError {
  const pace = secondsEach === null ? '' : `; one is done every ${secondsEach < 1 ? 'second or less' : `${Math.round(secondsEach)} s`}`
  return new PromptsError('too_large', `The queue is full: ${limit} runs are waiting${pace}`, {
    hint: 'Ask again in some minutes, or have an admin start more workers (docs/admin.md).',
  })
}

/** Why a job's signal aborted when the process stops: it will be done again elsewhere. */
export function shutdown(): PromptsError {
  return new PromptsError('unavailable', 'This process is shutting down; the run continues in another', { hint: 'Nothing to do.' })
}

/** The turn of a job that nobody named one for. */
export const anyTurn: Turn = { tenant: '', person: '', cost: 1 }

/**
 * When a job with so many before it begins, in seconds, where `running` places each take `meanMs`; null where nothing runs or
 * none has ended.
 */
export function waitSeconds(jobs: number, running: number, meanMs: number | null): number | null {
  return running === 0 || meanMs === null ? null : ((jobs + 1) * meanMs) / running / 1000
}
