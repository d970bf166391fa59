/**
 * Small shared state: claims on deliveries, the table from a message to its card, quotas. SQLite in one process, Redis for many.
 * Keys are `namespace:key`; every entry expires.
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
  /** Keys with this prefix, at most `limit`. */
  list(prefix: string, limit: number): Promise<{ key: string; value: string }[]>
  close(): Promise<void>
}
