import { readFileSync, writeFileSync } from 'node:fs'
import type { ServingConstants } from '../../src/planner/serving/serving-constants.ts'

type Entries = Record<string, Record<string, { value?: number; source?: string }>>

/** Writes what was fitted into knowledge/serving-model.json, where an entry says that it is. */
export function writeConstants(fitted: ServingConstants): void {
  const file = new URL('../../knowledge/serving-model.json', import.meta.url)
  const model: { engines: Entries; loops: Entries } = JSON.parse(readFileSync(file, 'utf8'))
  const values: Record<string, Record<string, unknown>> = { ...fitted.engines, maxtext: fitted.maxtext }
  for (const [name, constants] of [...Object.entries(model.engines), ...Object.entries(model.loops)])
    for (const [key, entry] of Object.entries(constants))
      if (entry.source?.startsWith('fitted by')) entry.value = Number(Number(values[name]![key]).toPrecision(4))
  writeFileSync(file, `${JSON.stringify(model, null, 2)}\n`)
}
