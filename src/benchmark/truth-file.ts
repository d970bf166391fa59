import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { namePlaced } from '../contract/placed.ts'
import { PromptsError } from '../errors.ts'
import { type TruthRow, truthRowSchema } from './truth-row.ts'

/**
 * The recorded rows of a file of JSON lines; the last of a regime's job and mesh counts. @throws PromptsError `bad_log` with the
 * line.
 */
export function readTruth(path: string): TruthRow[] {
  if (!existsSync(path)) return []
  const rows = new Map<string, TruthRow>()
  for (const [at, line] of readFileSync(path, 'utf8').split('\n').entries()) {
    if (line.trim() === '') continue
    const parsed = truthRowSchema.safeParse(parseLine(line))
    if (!parsed.success)
      throw new PromptsError('bad_log', `${path}, line ${at + 1}: ${z.prettifyError(parsed.error)}`, {
        hint: 'Recordings are written by `prompts bench record`: take the line out and record it again.',
      })
    rows.set(truthKey(parsed.data), parsed.data)
  }
  return [...rows.values()]
}

/** What a row is about: the regime, its job and the mesh. */
export function truthKey(row: Pick<TruthRow, 'regime' | 'job' | 'mesh' | 'dcn'>): string {
  return `${row.regime} ${row.job} ${namePlaced(row)}`
}

export function appendTruth(path: string, row: TruthRow): void {
  appendFileSync(path, `${JSON.stringify(truthRowSchema.parse(row))}\n`)
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
