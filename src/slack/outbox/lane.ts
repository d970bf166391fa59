import type { Clock } from '../../clock.ts'
import type { Pace, StateStore } from '../../state/state-store.ts'
import type { Entry } from './entry.ts'
import { inFlightMs, renewMs } from './pace.ts'

/** What became of an entry: done (sent, or given up), or to be tried again after a while, nothing else of the lane before it. */
export type Outcome = 'done' | { retryInMs: number }

export interface LaneOptions {
  state: StateStore
  clock: Clock
  /** Buckets that must each have a place: the lane's own first. */
  buckets: { key: string; pace: Pace }[]
  /** Keep the pace from the end of a request instead of its start. */
  paceFromEnd: boolean
  send: (entry: Entry) => Promise<Outcome>
  /**
   * Whether the entry can be sent now, must wait for another message, or is not wanted any more; asked before a place is taken.
   */
  readiness: (entry: Entry) => Promise<'ready' | 'waits' | 'unwanted'>
  onError: (error: unknown) => void
}

/** How far behind one that waits for another message a ready one is looked for. */
const lookAhead = 20
const waitingMs = 200

/** A queue of messages of one kind that share a limit: sent one after another, the most important first, at Slack's pace. */
export class Lane {
  readonly #options: LaneOptions
  #entries: Entry[] = []
  #running = false
  #closed = false
  #current: Entry | null = null
  readonly #stop = new AbortController()

  constructor(options: LaneOptions) {
    this.#options = options
  }

  /**
   * Adds an entry, or puts newer content in the place of what waits under the same key; returns the one that is not needed any
   * more.
   */
  push(entry: Entry): Entry | null {
    const at = this.#entries.findIndex((other) => other.key === entry.key)
    const waiting = this.#entries[at]
    void this.#run()
    if (waiting === undefined) {
      this.#entries.push(entry)
      return null
    }
    if (waiting.version === entry.version) return null
    const newer = waiting.version > entry.version ? waiting : entry
    const older = newer === entry ? waiting : entry
    // progress is nothing where an answer waits already
    if (older.priority < 2 && newer.priority === 2) {
      this.#entries[at] = older
      return newer
    }
    // what was important stays so, and keeps its turn
    this.#entries[at] = {
      ...newer,
      priority: Math.min(older.priority, newer.priority) as Entry['priority'],
      createdAt: Math.min(older.createdAt, newer.createdAt),
      uncertain: older.uncertain || newer.uncertain,
    }
    return older
  }

  /** Entries that wait or are being sent, of at least this importance. */
  size(leastImportant = 2): number {
    const waiting = this.#entries.filter((entry) => entry.priority <= leastImportant).length
    return waiting + (this.#current !== null && this.#current.priority <= leastImportant ? 1 : 0)
  }

  remove(key: string): void {
    this.#entries = this.#entries.filter((entry) => entry.key !== key)
  }

  close(): void {
    this.#closed = true
    this.#stop.abort()
  }

  async #run(): Promise<void> {
    if (this.#running) return
    this.#running = true
    await Promise.resolve()
    try {
      while (!this.#closed) {
        if (this.#inOrder().length === 0) return
        if ((await this.#firstReady()) === null) {
          if (this.#entries.length > 0) await this.#sleep(waitingMs)
          continue
        }
        const wait = await this.#takePlace()
        if (wait > 0) {
          await this.#sleep(Math.min(wait, 1000))
          continue
        }
        await this.#sendOne()
      }
    } catch (error) {
      if (!this.#closed) this.#options.onError(error)
    } finally {
      this.#running = false
      if (!this.#closed && this.#entries.length > 0)
        void this.#sleep(1000).then(
          () => this.#run(),
          () => {},
        )
    }
  }

  #sleep(ms: number): Promise<void> {
    return this.#options.clock.sleep(ms, this.#stop.signal)
  }

  async #sendOne(): Promise<void> {
    // asked again: something more important may have come while this lane waited for its place
    const entry = await this.#firstReady()
    const own = this.#options.buckets[0]
    if (entry === null) {
      if (this.#options.paceFromEnd && own !== undefined) await this.#options.state.hold(own.key, 0, { exactly: true })
      return
    }
    this.#entries = this.#entries.filter((other) => other !== entry)
    this.#current = entry
    entry.requestedAt = undefined
    entry.answeredAt = undefined
    entry.heldUntil = undefined
    try {
      const outcome = await this.#keepingShut(() => this.#options.send(entry))
      if (this.#options.paceFromEnd && own !== undefined)
        await this.#options.state.hold(own.key, pauseAfter(entry, own.pace, this.#options.clock.now()), { exactly: true })
      if (outcome === 'done') return
      this.push(entry)
      await this.#sleep(outcome.retryInMs)
    } finally {
      this.#current = null
    }
  }

  /** While a request is on its way its channel stays shut to every process: renewed as long as this one lives. */
  async #keepingShut<T>(work: () => Promise<T>): Promise<T> {
    const own = this.#options.buckets[0]
    if (!this.#options.paceFromEnd || own === undefined) return work()
    const stop = this.#options.clock.every(renewMs, () => {
      this.#options.state.hold(own.key, inFlightMs).catch(this.#options.onError)
    })
    try {
      return await work()
    } finally {
      stop()
    }
  }

  /** The most important, oldest entry that can be sent now; drops those on the way that nobody wants any more. */
  async #firstReady(): Promise<Entry | null> {
    for (const entry of this.#inOrder().slice(0, lookAhead)) {
      const readiness = await this.#options.readiness(entry)
      if (readiness === 'ready' && this.#entries.includes(entry)) return entry
      if (readiness === 'unwanted') this.#entries = this.#entries.filter((other) => other !== entry)
    }
    return null
  }

  /** The most important first, then the oldest; without progress that is too late. */
  #inOrder(): Entry[] {
    const now = this.#options.clock.now()
    this.#entries = this.#entries.filter((entry) => entry.priority !== 2 || entry.deadlineAt > now)
    return this.#entries.toSorted((a, b) => a.priority - b.priority || a.createdAt - b.createdAt)
  }

  async #takePlace(): Promise<number> {
    for (const bucket of [...this.#options.buckets].reverse()) {
      // until the answer no other process may send: it is not known which would arrive first
      const isOwn = bucket === this.#options.buckets[0]
      const pace = isOwn && this.#options.paceFromEnd ? { ...bucket.pace, intervalMs: inFlightMs } : bucket.pace
      const wait = await this.#options.state.take(bucket.key, pace)
      if (wait > 0) return wait
    }
    return 0
  }
}

/** How long after a try the next may go: the pace counts from the answer, and only where something was asked of Slack. */
function pauseAfter(entry: Entry, pace: Pace, now: number): number {
  const paced = entry.requestedAt === undefined ? 0 : pace.intervalMs - (now - (entry.answeredAt ?? now))
  return Math.max(paced, (entry.heldUntil ?? 0) - now, 0)
}
