import { z } from 'zod'
import { PromptsError } from '../../errors.ts'
import { lazyKnowledge, sourceSchema } from '../data/read-data.ts'

const generationSchema = z.strictObject({
  /** `level` (Gemini 3: low, high) and `budget` (2.5: a number of tokens) exclude each other. */
  thinking: z.enum(['level', 'budget']),
  default_thinking: z.string(),
  /** null where no list price could be found. */
  usd_per_million_input: z.number().nonnegative().nullable(),
  usd_per_million_cached: z.number().nonnegative().nullable(),
  usd_per_million_output: z.number().nonnegative().nullable(),
})
export type GenerationModel = z.infer<typeof generationSchema>

const embeddingSchema = z.strictObject({
  dimensions: z.int().positive(),
  /** How the model is told what a text is for: by a parameter, or by words before the text. */
  task: z.enum(['parameter', 'prefix']),
  texts_per_request: z.int().positive(),
  texts_per_request_vertex: z.int().positive(),
  max_characters: z.int().positive(),
  usd_per_million_input: z.number().nonnegative(),
})
export type EmbeddingModel = z.infer<typeof embeddingSchema>

const geminiFile = lazyKnowledge(
  'gemini.json',
  z.strictObject({
    about: z.string(),
    priced_on: z.iso.date(),
    generation: z.record(z.string(), generationSchema),
    embedding: z.record(z.string(), embeddingSchema),
    sources: z.array(sourceSchema),
  }),
)

/**
 * What `knowledge/gemini.json` says of a generation model, by its name without `models/` or a publisher's path.
 * @throws PromptsError `bad_config` with the known names for any other.
 */
export function generationModel(name: string): GenerationModel {
  const { generation } = geminiFile()
  const plain = name.replace(/^.*\//, '')
  const found = Object.hasOwn(generation, plain) ? generation[plain] : undefined
  if (found) return found
  throw new PromptsError('bad_config', `PROMPTS_GEMINI_MODEL is ${plain}, which is no model that is known here.`, {
    hint: `Known: ${Object.keys(generation).join(', ')}. A new one is an entry of knowledge/gemini.json.`,
  })
}

/** Dollars per million tokens of a model, and the day they were listed; of one without a known price the highest of the table. */
export function priceOf(name: string): { input: number; cached: number; output: number; known: boolean; on: string } {
  const { generation, priced_on } = geminiFile()
  const { usd_per_million_input: input, usd_per_million_cached: cached, usd_per_million_output: output } = generationModel(name)
  if (input !== null && cached !== null && output !== null) return { input, cached, output, known: true, on: priced_on }
  const models = Object.values(generation)
  const highest = (pick: (model: GenerationModel) => number | null) => Math.max(...models.map((model) => pick(model) ?? 0))
  return {
    input: highest((model) => model.usd_per_million_input),
    cached: highest((model) => model.usd_per_million_cached),
    output: highest((model) => model.usd_per_million_output),
    known: false,
    on: priced_on,
  }
}

/** What `knowledge/gemini.json` says of an embedding model; of an unknown one, what it says of gemini-embedding-001. */
export function embeddingModel(name: string): EmbeddingModel {
  return byLongestPrefix(geminiFile().embedding, name) ?? geminiFile().embedding['gemini-embedding-001']!
}

function byLongestPrefix<T>(table: Record<string, T>, name: string): T | null {
  const plain = name.replace(/^.*\//, '')
  const prefixes = Object.keys(table).filter((prefix) => plain.startsWith(prefix))
  prefixes.sort((a, b) => b.length - a.length)
  return prefixes[0] === undefined ? null : table[prefixes[0]]!
}
