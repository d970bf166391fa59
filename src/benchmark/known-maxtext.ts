import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { readJsonLines } from './read-json-lines.ts'
import type { TruthRow } from './truth-row.ts'

const rowSchema = z.looseObject({
  id: z.string(),
  settings: z.array(z.string()),
  versions: z.record(z.string(), z.string()),
  status: z.enum(['fits', 'oom', 'vmem', 'error', 'unknown']),
  required_gib: z.number().nullish(),
  available_gib: z.number().nullish(),
  message: z.string().optional(),
  seconds: z.number(),
})

/** A verdict of another campaign on the same settings, and its module where it is on this machine. */
export interface KnownVerdict {
  answer: Pick<TruthRow, 'versions' | 'status' | 'required_gib' | 'available_gib' | 'message' | 'seconds'>
  module: string | null
}

export type KnownMaxText = (settings: readonly string[], versions: Record<string, string> | null) => KnownVerdict | null

/**
 * Looks up what `npm run bench:maxtext` recorded: the same words for MaxText by the same versions are the same program. Without
 * versions (no MaxText is installed here) the last that was recorded counts.
 */
export function knownMaxText(recorded: string, modules: string): KnownMaxText {
  const rows = new Map<string, z.infer<typeof rowSchema>>()
  for (const row of readJsonLines(recorded, rowSchema, 'npm run bench:maxtext')) {
    rows.set(keyOf(row.settings, row.versions), row)
    rows.set(keyOf(row.settings, null), row)
  }
  return (settings, versions) => {
    const row = rows.get(keyOf(settings, versions))
    if (row === undefined) return null
    const module = join(modules, `${row.id}.hlo.pb.gz`)
    const fits = row.status === 'fits'
    if (fits && !existsSync(module)) return null
    return {
      answer: {
        versions: row.versions,
        status: row.status,
        required_gib: row.required_gib ?? null,
        available_gib: row.available_gib ?? null,
        message: row.message ?? null,
        seconds: row.seconds,
      },
      module: fits ? module : null,
    }
  }
}

function keyOf(settings: readonly string[], versions: Record<string, string> | null): string {
  return `${versions?.['jax'] ?? 'any'} ${versions?.['maxtext'] ?? 'any'} ${settings.toSorted().join(' ')}`
}
