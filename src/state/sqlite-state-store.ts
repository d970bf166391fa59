import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../clock.ts'
import { inTransaction, openSqlite, type SqliteStep } from '../layout/open-sqlite.ts'
import type { Pace, StateStore } from './state-store.ts'
import { type HostClocks, steadyTime, steadyTimeSchema } from './steady-time.ts'

const schema = `
  CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value TEXT NOT NULL, expires REAL NOT NULL, listed INTEGER NOT NULL DEFAULT 1) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS entries_expires ON entries (expires);
  CREATE TABLE IF NOT EXISTS buckets (key TEXT PRIMARY KEY, tat REAL NOT NULL) WITHOUT ROWID;
`
/** A file without a version is of the time before, which is the same. */
export const stateFileSteps: readonly SqliteStep[] = [
  { to: 1, run: (db) => db.exec(schema) },
  { to: 2, run: (db) => db.exec(steadyTimeSchema) },
]
const sweepEveryMs = 60_000

/**
 * State in one SQLite file (or `:memory:`), for one process or a few on one machine. What was written survives the process being
 * killed. Times in it are the file's own (`steadyTime`), unless a clock is given.
 */
export class SqliteStateStore implements StateStore {
  readonly #db: DatabaseSync
  readonly #clock: Pick<Clock, 'now'>
  #sweptAt = 0

  /** @throws PromptsError `bad_config` for a file of a newer version. */
  constructor(path: string, options: { clock?: Pick<Clock, 'now'>; hostClocks?: HostClocks; steps?: readonly SqliteStep[] } = {}) {
    this.#db = openSqlite(path, { steps: options.steps ?? stateFileSteps })
    this.#clock = options.clock ?? { now: steadyTime(this.#db, options.hostClocks) }
  }

  async claim(key: string, ttlMs: number): Promise<boolean> {
    return this.#insert(key, '1', ttlMs, 0)
  }

  async release(key: string): Promise<void> {
    await this.delete(key)
  }

  async get(key: string): Promise<string | null> {
    const row = this.#db.prepare('SELECT value FROM entries WHERE key = ? AND expires > ?').get(key, this.#clock.now())
    return row ? String(row.value) : null
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    this.#sweep()
    this.#db
      .prepare('INSERT INTO entries VALUES (?, ?, ?, 1) ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires = excluded.expires')
      .run(key, value, this.#clock.now() + ttlMs)
  }

  async setIfAbsent(key: string, value: string, ttlMs: number): Promise<string> {
    if (this.#insert(key, value, ttlMs, 1)) return value
    return (await this.get(key)) ?? value
  }

  async delete(key: string): Promise<void> {
    this.#db.prepare('DELETE FROM entries WHERE key = ?').run(key)
  }

  async increment(key: string, by: number, ttlMs: number): Promise<number> {
    this.#sweep()
    const now = this.#clock.now()
    const row = this.#db
      .prepare(
        `INSERT INTO entries VALUES (?1, ?2, ?3, 0) ON CONFLICT (key) DO UPDATE SET
           value = CASE WHEN expires <= ?4 THEN ?2 ELSE CAST(CAST(value AS REAL) + ?2 AS TEXT) END,
           expires = CASE WHEN expires <= ?4 THEN ?3 ELSE expires END
         RETURNING CAST(value AS REAL) AS count`,
      )
      .get(key, by, now + ttlMs, now)
    return Number(row?.count)
  }

  async list(prefix: string, limit: number): Promise<{ key: string; value: string }[]> {
    const rows = this.#db
      .prepare('SELECT key, value FROM entries WHERE key >= ? AND key < ? AND expires > ? AND listed = 1 ORDER BY key LIMIT ?')
      .all(prefix, `${prefix}\u{10FFFF}`, this.#clock.now(), limit)
    return rows.map((row) => ({ key: String(row.key), value: String(row.value) }))
  }

  async take(key: string, pace: Pace): Promise<number> {
    return inTransaction(this.#db, () => {
      const now = this.#clock.now()
      const tat = Math.max(now, this.#tat(key))
      const wait = tat - (pace.burst - 1) * pace.intervalMs - now
      if (wait > 0) return wait
      this.#setTat(key, tat + pace.intervalMs)
      return 0
    })
  }

  async hold(key: string, ms: number, options: { exactly?: boolean } = {}): Promise<void> {
    const until = this.#clock.now() + ms
    inTransaction(this.#db, () => this.#setTat(key, options.exactly === true ? until : Math.max(this.#tat(key), until)))
  }

  async close(): Promise<void> {
    if (this.#db.isOpen) this.#db.close()
  }

  #tat(key: string): number {
    return Number(this.#db.prepare('SELECT tat FROM buckets WHERE key = ?').get(key)?.tat ?? 0)
  }

  #setTat(key: string, tat: number): void {
    this.#db.prepare('INSERT INTO buckets VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET tat = excluded.tat').run(key, tat)
  }

  /** Writes where there is nothing, or only something expired. */
  #insert(key: string, value: string, ttlMs: number, listed: number): boolean {
    this.#sweep()
    const now = this.#clock.now()
    const result = this.#db
      .prepare(
        `INSERT INTO entries VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires = excluded.expires, listed = excluded.listed WHERE expires <= ?5`,
      )
      .run(key, value, now + ttlMs, listed, now)
    return Number(result.changes) === 1
  }

  #sweep(): void {
    const now = this.#clock.now()
    if (now - this.#sweptAt < sweepEveryMs) return
    this.#sweptAt = now
    this.#db.prepare('DELETE FROM entries WHERE expires <= ?').run(now)
    this.#db.prepare('DELETE FROM buckets WHERE tat <= ?').run(now)
  }
}
