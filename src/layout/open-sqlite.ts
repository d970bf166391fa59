import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type LayoutStep, stepsFrom } from './layout-steps.ts'

/** A SQLite file whose `user_version` is the version of its layout. */
export type SqliteStep = LayoutStep<DatabaseSync>

export interface OpenSqliteOptions {
  steps: readonly SqliteStep[]
  prepare?: (db: DatabaseSync) => void
  allowExtension?: boolean
  readOnly?: boolean
}

/**
 * Opens a SQLite file (or `:memory:`) with a write-ahead log and brings its layout up to date, all steps or none; with `readOnly`
 * as it is.
 * @param prepare Before anything is read: extensions.
 * @throws PromptsError `bad_config` for a file that a newer version laid out; else as SQLite.
 */
export function openSqlite(path: string, { steps, prepare, ...options }: OpenSqliteOptions): DatabaseSync {
  if (path !== ':memory:' && options.readOnly !== true) mkdirSync(dirname(path), { recursive: true })
  const db = new DatabaseSync(path, { timeout: 5000, ...options })
  try {
    prepare?.(db)
    if (options.readOnly === true) {
      stepsFrom(steps, versionOf(db), path)
      return db
    }
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;')
    bringUpToDate(db, steps, path)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function bringUpToDate(db: DatabaseSync, steps: readonly SqliteStep[], path: string): void {
  if (stepsFrom(steps, versionOf(db), path).length === 0) return
  inTransaction(db, () => {
    // another process may have been first
    for (const step of stepsFrom(steps, versionOf(db), path)) {
      step.run(db)
      db.exec(`PRAGMA user_version = ${step.to}`)
    }
  })
}

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0)
}

/** All of it, or nothing. */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    db.exec('ROLLBACK')
    throw error
  }
}
