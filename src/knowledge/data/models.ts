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
  const entry = findModel(model) ?? findVariant(model)
  if (entry) return { ...entry.model, notes: notesOf(entry, model) }
  const close = nearest(model, modelNames())
  throw new PromptsError('unknown_model', `There is no model named "${model.slice(0, 100)}".`, {
    hint: `${close.length > 0 ? `Nearest: ${close.join(', ')}. ` : ''}Or give the dims ({layers, embed, mlp, heads, kv_heads, head_dim, vocab}), or import its config.json: prompts import hf.`,
  })
}

/** Marks of a fine-tuned or quantized release, which has the layers of the model that it was made from. */
const releaseMarks =
  /[-_](instruct|chat|it|hf|base|pt|thinking|reasoning|preview|bf16|fp8|int8|int4|awq|gptq|w8a8|w4a16|nvfp4|mxfp4|fp4|dynamic|\d{4})$/

/** `Org/Llama-3.1-8B-Instruct-FP8` has the layers of llama3.1-8b; null where no shorter name is known. */
function findVariant(name: string): ModelEntry | null {
  let rest = (name.split('/').at(-1) ?? '').trim().toLowerCase()
  for (let cuts = 0; cuts < 6; cuts++) {
    const hit = findModel(rest) ?? findModel(rest.replace(/^(meta-)?llama-/, 'llama').replace(/^gemma-/, 'gemma'))
    if (hit) return hit
    const shorter = rest.replace(releaseMarks, '')
    if (shorter === rest) return null
    rest = shorter
  }
  return null
}

function notesOf({ name, approximation, aliases }: ModelEntry, asked: string): string[] {
  const known = [name, ...aliases].some((one) => one.toLowerCase() === asked.trim().toLowerCase())
  return [...(known ? [] : [`model ${asked} is taken as ${name}`]), ...(approximation === null ? [] : [`model ${name}: ${approximation}`])]
}

function indexNames(): Map<string, string> {
  const index = new Map<string, string>()
  for (const [name, { aliases }] of Object.entries(modelsFile().models)) {
    for (const known of [name, ...aliases]) index.set(known.toLowerCase(), name)
  }
  return index
}
