import { z } from 'zod'
import json from '../../../../knowledge/models.json' with { type: 'json' }
import { modelSchema } from '../../../contract/model.ts'
import { type ResolvedModel, resolveLayers } from '../../../planner/model/resolved-model.ts'
import { bare } from '../../../text/bare.ts'

const entries: Readonly<Record<string, { aliases: readonly string[] }>> = bare(json.models)
const entrySchema = z.object({ dims: modelSchema })

/** A model of the library that MaxText has under this name or an alias of it; null for any other name. */
export function libraryModel(name: string): ResolvedModel | null {
  const found = name in entries ? name : Object.keys(entries).find((one) => entries[one]!.aliases.includes(name))
  const entry = entrySchema.safeParse(found === undefined ? undefined : entries[found])
  return entry.success ? resolveLayers({ ...entry.data.dims, name }) : null
}

/** The names of the library's models, without their aliases. */
export function libraryNames(): string[] {
  return Object.keys(entries)
}
