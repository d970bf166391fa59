import { z } from 'zod'
import { lazyKnowledge, sourceSchema } from '../data/read-data.ts'

const generationSchema = z.strictObject({
  /** `level` (Gemini 3: low, high) and `budget` (2.5: a number of tokens) exclude each other. */
  thinking: z.enum(['level', 'budget']),
  default_thinking: z.string(),
  usd_per_million_input: z.number().nonnegative(),
  usd_per_million_cached: z.number().nonnegative(),
  usd_per_million_output: z.number().nonnegative(),
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
    generation: z.record(z.string(), generationSchema),
    embedding: z.record(z.string(), embeddingSchema),
    sources: z.array(sourceSchema),
  }),
)

/** What `knowledge/gemini.json` says of a generation model, by the longest prefix; of an unknown one, what it says of Gemini 3. */
export function generationModel(name: string): GenerationModel {
  return byLongestPrefix(geminiFile().generation, name) ?? geminiFile().generation['gemini-3']!
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
