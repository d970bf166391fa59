import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gunzipSync } from 'node:zlib'
import { load as loadVectors } from 'sqlite-vec'
import { projectRoot } from './needs.ts'

/** What each version left in its stores (`bench/faults/record-stores.ts`), a folder a version. */
export const recordedStores = join(projectRoot, 'test/fixtures/stores')

/** What one process left: its files, and its databases as statements. */
export interface RecordedAlone {
  recordedAt: number
  files: Record<string, string>
  state: string[]
  library: string[]
}

/** What processes left in a bucket and in Redis. */
export interface RecordedShared {
  recordedAt: number
  objects: Record<string, string>
  entries: Record<string, { type: string; value: string | string[] | Record<string, string> }>
}

export function readAlone(version: string): RecordedAlone {
  return readRecorded(version, 'alone') as RecordedAlone
}

export function readShared(version: string): RecordedShared {
  return readRecorded(version, 'shared') as RecordedShared
}

function readRecorded(version: string, name: string): unknown {
  return JSON.parse(gunzipSync(readFileSync(join(recordedStores, version, `${name}.json.gz`))).toString())
}

/** Puts what one process left into a folder. */
export function restoreAlone({ files, state, library }: RecordedAlone, home: string): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true })
    writeFileSync(join(home, name), text)
  }
  fillDatabase(join(home, 'state.db'), state)
  fillDatabase(join(home, 'library.sqlite'), library)
}

function fillDatabase(path: string, statements: readonly string[]): void {
  const db = new DatabaseSync(path, { allowExtension: true })
  loadVectors(db)
  for (const statement of statements) db.exec(statement)
  db.close()
}
