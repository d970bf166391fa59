import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { writeFileAtomically } from '../files/atomic-file.ts'
import { createGeminiEmbedder, type Embedder } from './embeddings.ts'
import { createFallbackLibrary } from './fallback-library.ts'
import { createGeminiClient } from './gemini/client.ts'
import { type IndexReport, indexLibrary } from './index-library.ts'
import type { Library } from './library.ts'
import { createQdrantLibrary } from './qdrant-library.ts'
import { readKnowledge, shippedKnowledge } from './read-knowledge.ts'
import { createSqliteLibrary } from './sqlite-library.ts'

export interface OpenedLibrary {
  library: Library
  embedder: Embedder | null
  /** Loads what changed, with embeddings where a model is configured: `prompts index`. */
  index(options: {
    signal: AbortSignal
    onProgress?: (progress: { done: number; total: number }) => void
  }): Promise<Record<string, IndexReport>>
}

/**
 * Opens the library that the configuration names and brings the shipped entries up to date, without asking any model: the embedded store always,
 * Qdrant where QDRANT_URL is set and it answers.
 */
export async function openLibrary(
  config: Config,
  options: { onStoreChange?: (state: 'away' | 'back', detail: string) => void; signal?: AbortSignal } = {},
): Promise<OpenedLibrary> {
  const signal = options.signal ?? new AbortController().signal
  const folders = [shippedKnowledge, ...(config.PROMPTS_KNOWLEDGE ? [config.PROMPTS_KNOWLEDGE] : [])]
  const embedder = openEmbedder(config)
  const embedded = createSqliteLibrary({ path: join(config.PROMPTS_HOME, 'library.sqlite') })
  const entries = await readKnowledge(folders)
  await indexLibrary(embedded, entries, { embedder: null, signal })
  if (!config.QDRANT_URL) {
    return { library: embedded, embedder, index: async (how) => ({ sqlite: await indexLibrary(embedded, entries, { ...how, embedder }) }) }
  }
  const primary = createQdrantLibrary({ url: config.QDRANT_URL, apiKey: config.QDRANT_API_KEY, embedding: embedder })
  const library = createFallbackLibrary({
    primary,
    embedded,
    pending: pendingFile(join(config.PROMPTS_HOME, 'library-pending.json')),
    ...(options.onStoreChange ? { onChange: options.onStoreChange } : {}),
  })
  try {
    await indexLibrary(primary, entries, { embedder: null, signal })
  } catch (error) {
    if (signal.aborted) throw error
    options.onStoreChange?.('away', error instanceof Error ? error.message : String(error))
  }
  return {
    library,
    embedder,
    index: async (how) => ({
      sqlite: await indexLibrary(embedded, entries, { ...how, embedder }),
      qdrant: await indexLibrary(primary, entries, { ...how, embedder }),
    }),
  }
}

function openEmbedder(config: Config): Embedder | null {
  const client = createGeminiClient(config)
  return client && createGeminiEmbedder({ client, model: config.PROMPTS_EMBEDDING_MODEL, vertex: config.GOOGLE_GENAI_USE_VERTEXAI })
}

type Pending = NonNullable<Parameters<typeof createFallbackLibrary>[0]['pending']>

function pendingFile(path: string): Pending {
  return {
    async load() {
      try {
        return JSON.parse(await readFile(path, 'utf8')) as Awaited<ReturnType<Pending['load']>>
      } catch {
        return []
      }
    },
    async save(changes) {
      await writeFileAtomically(path, JSON.stringify(changes))
    },
  }
}
