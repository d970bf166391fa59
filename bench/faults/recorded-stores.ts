import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gunzipSync } from 'node:zlib'
import { load as loadVectors } from 'sqlite-vec'
import { projectRoot } from '../../test/support/needs.ts'

interface Recorded {
  files: Record<string, string>
  state: string[]
  library: string[]
}

/** What one process of a version left (`record-stores.ts`). */
export function readRecorded(version: string): Recorded {
  const path = join(projectRoot, 'test/fixtures/stores', version, 'alone.json.gz')
  return JSON.parse(gunzipSync(readFileSync(path)).toString()) as Recorded
}

export function fillDatabase(path: string, statements: readonly string[]): void {
  const db = new DatabaseSync(path, { allowExtension: true })
  loadVectors(db)
  for (const statement of statements) db.exec(statement)
  db.close()
}

export function versionOf(path: string): number {
  const db = new DatabaseSync(path, { readOnly: true })
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version'])
  db.close()
  return version
}
