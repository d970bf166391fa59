/**
 * Small shared state: claims on deliveries, the table from a message to its card, quotas, pacing. SQLite in one process, Redis
 * for many. Keys are `namespace:key`; every entry expires.
 */
export interface StateStore {
  /** True for exactly one caller per key until it expires (a delivery's event_id, a (team, channel, ts)). */
  claim(key: string, ttlMs: number): Promise<boolean>
  release(key: string): Promise<void>
  get(key: string): Promise<string | null>
  set(key: string, value: string, ttlMs: number): Promise<void>
  /** Sets only where nothing is; the value that stands afterwards. */
  setIfAbsent(key: string, value: string, ttlMs: number): Promise<string>
  delete(key: string): Promise<void>
  /** Adds and returns the new count; the window starts with the first add. */
  increment(key: string, by: number, ttlMs: number): Promise<number>
  /** Keys with this prefix (`namespace:…`), in order, at most `limit`. Holds what `set` and `setIfAbsent` wrote. */
  list(prefix: string, limit: number): Promise<{ key: string; value: string }[]>
  /**
   * Takes one place in a paced bucket, shared by every process: at most `burst` at once, then one every `intervalMs`.
   * Zero when the place was taken; else how long to wait before asking again, with nothing taken.
   */
  take(key: string, pace: Pace): Promise<number>
  /**
   * Keeps a bucket shut for `ms` from now (a Retry-After); never shortens a longer hold, unless it is to be `exactly` this one.
   */
  hold(key: string, ms: number, options?: { exactly?: boolean }): Promise<void>
  close(): Promise<void>
}

/** `burst` places at once, refilled one every `intervalMs`. */
export interface Pace {
  intervalMs: number
  burst: number
}
