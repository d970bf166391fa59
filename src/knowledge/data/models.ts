import { z } from 'zod'
import { type Model, modelSchema } from '../../contract/model.ts'
import { PromptsError } from '../../errors.ts'
import { type ResolvedModel, resolveLayers } from '../../planner/model/resolved-model.ts'
import { nearest } from '../../text/nearest.ts'
import { lazyKnowledge, sourceSchema } from './read-data.ts'

const modelEntrySchema = z.strictObject({
  /** Other names, compared without regard to case. */
  aliases: z.array(z.string().min(1)),
  dims: modelSchema,
  /** The published count; null where none is published. */
  parameters_billion: z.number().positive().nullable(),
  /** What the dims cannot express, and why the count they give differs from the published one. */
  approximation: z.string().min(1).nullable(),
  sources: z.array(sourceSchema).min(1),
})

/** A model of the library: its name, its dims with every default filled in, and where they come from. */
export type ModelEntry = Omit<z.infer<typeof modelEntrySchema>, 'dims'> & { name: string; model: ResolvedModel }

const modelsFileSchema = z.strictObject({ about: z.string(), models: z.record(z.string(), modelEntrySchema) })

const modelsFile = lazyKnowledge('models.json', modelsFileSchema)

let namesByAlias: Map<string, string> | undefined

/** The names of the library's models, without their aliases. */
export function modelNames(): string[] {
  return Object.keys(modelsFile().models)
}

/** A model of the library by its name or an alias, or null. */
export function findModel(name: string): ModelEntry | null {
  namesByAlias ??= indexNames()
  const canonical = namesByAlias.get(name.trim().toLowerCase())
  if (canonical === undefined) return null
  const { dims, ...entry } = modelsFile().models[canonical]!
  return { ...entry, name: canonical, model: resolveLayers({ ...dims, name: canonical }) }
}

/**
 * The model that an experiment means: a name of the library, or dims that it gives itself.
 * Throws `unknown_model` with the nearest names.
 */
export function resolveModel(model: string | Model): ResolvedModel {
  if (typeof model !== 'string') return resolveLayers(model)
  const entry = findModel(model)
  if (entry) return entry.model
  const close = nearest(model, modelNames())
  throw new PromptsError('unknown_model', `There is no model named "${model.slice(0, 100)}".`, {
    hint: `${close.length > 0 ? `Nearest: ${close.join(', ')}. ` : ''}Give the dims instead: {layers, embed, mlp, heads, kv_heads, head_dim, vocab}.`,
  })
}

function indexNames(): Map<string, string> {
  const index = new Map<string, string>()
  for (const [name, { aliases }] of Object.entries(modelsFile().models)) {
    for (const known of [name, ...aliases]) index.set(known.toLowerCase(), name)
  }
  return index
}
