import { appendFileSync } from 'node:fs'
import { namePlaced } from '../contract/placed.ts'
import { readJsonLines } from './read-json-lines.ts'
import { type TruthRow, truthRowSchema } from './truth-row.ts'

/**
 * The recorded rows of a file of JSON lines; the last of a regime's job and mesh counts. @throws PromptsError `bad_log` with the
 * line.
 */
export function readTruth(path: string): TruthRow[] {
  const rows = new Map<string, TruthRow>()
  for (const row of readJsonLines(path, truthRowSchema, 'prompts bench record')) rows.set(truthKey(row), row)
  return [...rows.values()]
}

/** What a row is about: the regime, its job and the mesh. */
export function truthKey(row: Pick<TruthRow, 'regime' | 'job' | 'mesh' | 'dcn'>): string {
  return `${row.regime} ${row.job} ${namePlaced(row)}`
}

export function appendTruth(path: string, row: TruthRow): void {
  appendFileSync(path, `${JSON.stringify(truthRowSchema.parse(row))}\n`)
}
