import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { RunEntry } from './experiment-source.ts'

/** What was found out about a run when it was last looked at; `entry` is null for a folder that is no run. */
export interface IndexedRun {
  checkedMs: number
  /** What a list is ordered by: when it was last written to, or started. */
  orderMs: number
  entry: RunEntry | null
}

/** Remembers what runs are, so that a list of thousands need not open each. Losing it costs time only. */
export interface RunIndex {
  all(source: string): Map<string, IndexedRun>
  put(source: string, runs: ReadonlyMap<string, IndexedRun>): void
  close(): void
}

const schema = `
  CREATE TABLE IF NOT EXISTS runs (source TEXT, id TEXT, checked INTEGER NOT NULL, ordered INTEGER NOT NULL, entry TEXT, PRIMARY KEY (source, id)) WITHOUT ROWID;
`

/** The index in a SQLite file (or `:memory:`), opened when it is first used. */
export function createRunIndex(path: string): RunIndex {
  let opened: DatabaseSync | null = null
  const database = () => {
    if (opened === null) {
      if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true })
      opened = new DatabaseSync(path, { timeout: 2000 })
      opened.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${schema}`)
    }
    return opened
  }
  return {
    all(source) {
      const rows = database().prepare('SELECT id, checked, ordered, entry FROM runs WHERE source = ?').all(source)
      return new Map(
        rows.map((row) => [
          String(row['id']),
          {
            checkedMs: Number(row['checked']),
            orderMs: Number(row['ordered']),
            entry: row['entry'] === null ? null : (JSON.parse(String(row['entry'])) as RunEntry),
          },
        ]),
      )
    },
    put(source, runs) {
      const insert = database().prepare('INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?)')
      database().exec('BEGIN')
      for (const [id, { checkedMs, orderMs, entry }] of runs)
        insert.run(source, id, checkedMs, Math.round(orderMs), entry === null ? null : JSON.stringify(entry))
      database().exec('COMMIT')
    },
    close: () => opened?.close(),
  }
}
