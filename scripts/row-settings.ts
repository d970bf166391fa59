import { z } from 'zod'
import { type Framework, frameworkSchema, type Run, runSchema } from '../src/contract/experiment.ts'
import json from './row-settings.json' with { type: 'json' }

const file = z
  .strictObject({
    about: z.string(),
    left_out: z.array(z.strictObject({ id: z.string(), reason: z.string() })),
    rows: z.array(
      z.strictObject({
        match: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
        stated: z.boolean(),
        framework: frameworkSchema.optional(),
        run: runSchema.partial(),
        source: z.string(),
      }),
    ),
  })
  .parse(json)

/** What is known of a row's job beside its columns. */
export interface RowSettings {
  run: Partial<Run>
  framework?: Framework
}

/** The settings that a row's own source states; with `assumed` also those taken from a recipe of the same authors. */
export function rowSettings(row: Readonly<Record<string, string>>, { assumed }: { assumed: boolean }): RowSettings {
  const settings: RowSettings = { run: {} }
  for (const { match, stated, framework, run } of file.rows) {
    if (!(stated || assumed) || !Object.entries(match).every(([column, value]) => [value].flat().includes(row[column] ?? ''))) continue
    const flags = { ...settings.run.flags, ...run.flags }
    settings.run = { ...settings.run, ...run, ...(Object.keys(flags).length > 0 ? { flags } : {}) }
    if (framework) settings.framework = framework
  }
  return settings
}

/** Why a row's job cannot be told, although its columns say enough; null where it can. */
export function rowLeftOut(id: string): string | null {
  return file.left_out.find((row) => row.id === id)?.reason ?? null
}
