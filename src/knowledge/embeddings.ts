import type { GoogleGenAI } from '@google/genai'
import { PromptsError } from '../errors.ts'
import { type EmbeddingModel, embeddingModel } from './gemini/models.ts'
import { withRetries } from './gemini/retry.ts'
import { toUnitLength } from './signature.ts'

/** Turns texts into unit vectors. Where none is configured, the library does with the signature and the words. */
export interface Embedder {
  name: string
  dimensions: number
  /** One vector a text, in order. @throws PromptsError `unavailable`. */
  embed(texts: readonly string[], role: 'entry' | 'query', signal: AbortSignal): Promise<number[][]>
}

const requestsAtOnce = 4

/**
 * Gemini embeddings, asked as the model wants it: task by parameter or prefix, one text a request or many; always of unit length.
 */
export function createGeminiEmbedder(options: { client: GoogleGenAI; model: string; vertex: boolean; firstWaitMs?: number }): Embedder {
  const facts = embeddingModel(options.model)
  const batch = options.vertex ? facts.texts_per_request_vertex : facts.texts_per_request

  async function embedBatch(texts: readonly string[], role: 'entry' | 'query', signal: AbortSignal): Promise<number[][]> {
    const contents = texts.map((text) => asAsked(facts, text.slice(0, facts.max_characters), role))
    const response = await withRetries(
      () =>
        options.client.models.embedContent({
          model: options.model,
          contents: contents.length === 1 ? contents[0]! : contents,
          config: {
            outputDimensionality: facts.dimensions,
            ...(facts.task === 'parameter' ? { taskType: role === 'query' ? 'RETRIEVAL_QUERY' : 'RETRIEVAL_DOCUMENT' } : {}),
            abortSignal: signal,
          },
        }),
      { signal, ...(options.firstWaitMs === undefined ? {} : { firstWaitMs: options.firstWaitMs }) },
    )
    const vectors = (response.embeddings ?? []).map((embedding) => embedding.values ?? [])
    if (vectors.length !== texts.length || vectors.some((vector) => vector.length !== facts.dimensions)) {
      throw new Error(`${vectors.length} vectors for ${texts.length} texts, or not of ${facts.dimensions} dimensions`)
    }
    return vectors.map(toUnitLength)
  }

  return {
    name: options.model,
    dimensions: facts.dimensions,
    async embed(texts, role, signal) {
      const batches: (readonly string[])[] = []
      for (let start = 0; start < texts.length; start += batch) batches.push(texts.slice(start, start + batch))
      const results: number[][][] = new Array(batches.length)
      let next = 0
      const work = async () => {
        for (let i = next++; i < batches.length; i = next++) results[i] = await embedBatch(batches[i]!, role, signal)
      }
      try {
        await Promise.all(Array.from({ length: Math.min(requestsAtOnce, batches.length) }, work))
      } catch (cause) {
        if (signal.aborted) throw cause
        throw new PromptsError(
          'unavailable',
          `Embeddings by ${options.model} failed: ${cause instanceof Error ? cause.message : String(cause)}`,
          {
            hint: 'Words and workload signatures still find entries; run `prompts index` again for the embeddings.',
            cause,
          },
        )
      }
      return results.flat()
    },
  }
}

function asAsked(facts: EmbeddingModel, text: string, role: 'entry' | 'query'): string {
  if (facts.task === 'parameter') return text
  return role === 'query' ? `task: search result | query: ${text}` : `title: none | text: ${text}`
}
