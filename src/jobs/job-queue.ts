import { PromptsError } from '../errors.ts'

/** What a worker gets for one job. `signal` aborts on cancel and on shutdown. */
export interface Job<T> {
  id: string
  data: T
  /** 1 for the first try; more after a worker died or the try failed. */
  attempt: number
  signal: AbortSignal
}

/**
 * One queue of background work. A job that was added is done at least once, on whatever process works the queue, or reported to
 * `onFailed` after its last try; adding an id twice does nothing. Bounded: `add` rejects with `too_large` when the queue is full.
 */
export interface JobQueue<T> {
  add(id: string, data: T): Promise<void>
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
  /** Stops taking jobs, waits for running ones up to `graceMs`, then aborts them. */
  close(graceMs?: number): Promise<void>
}

/** The one message of a full queue. */
export function queueFull(limit: number): PromptsError {
  return new PromptsError('too_large', `The queue is full: ${limit} runs are waiting`, {
    hint: 'Ask again in some minutes, or have an admin start more workers (docs/admin.md).',
  })
}

/** Why a job's signal aborted when the process stops: it will be done again elsewhere. */
export function shutdown(): PromptsError {
  return new PromptsError('unavailable', 'This process is shutting down; the run goes on in another', { hint: 'Nothing to do.' })
}
