import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { writeFileAtomically } from '../files/atomic-file.ts'
import { folderTexts } from '../files/folder-texts.ts'
import { createGeminiEmbedder, type Embedder } from './embeddings.ts'
import { createFallbackLibrary } from './fallback-library.ts'
import { createGeminiClient } from './gemini/client.ts'
import { type IndexReport, indexLibrary } from './index-library.ts'
import { type Library, shippedTenant } from './library.ts'
import { type PendingTexts, pendingChanges, takeOverList } from './pending-changes.ts'
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
 * Opens the library that the configuration names. The embedded store of this PROMPTS_HOME is brought up to date with the shipped
 * entries, without asking any model; entries of other knowledge folders than those it was last loaded with stay. The shared one
 * in Qdrant is filled where it is empty, and otherwise changed by `prompts index` alone.
 */
export async function openLibrary(
  config: Config,
  options: {
    onStoreChange?: (state: 'away' | 'back', detail: string) => void
    onRefused?: (what: string, reason: string) => void
    /** Where changes wait while Qdrant is away; files in PROMPTS_HOME where nobody says. */
    pending?: PendingTexts
    signal?: AbortSignal
  } = {},
): Promise<OpenedLibrary> {
  const signal = options.signal ?? new AbortController().signal
  const folders = [shippedKnowledge, ...(config.PROMPTS_KNOWLEDGE ? [config.PROMPTS_KNOWLEDGE] : [])]
  const embedder = openEmbedder(config)
  const embedded = createSqliteLibrary({ path: join(config.PROMPTS_HOME, 'library.sqlite') })
  const entries = await readKnowledge(folders)
  const loaded = loadedFrom(join(config.PROMPTS_HOME, 'library-folders.json'), folders)
  await indexLibrary(embedded, entries, { embedder: null, signal, keepOthers: !(await loaded.isSame()) })
  const indexEmbedded = async (how: { signal: AbortSignal; onProgress?: (progress: { done: number; total: number }) => void }) => {
    const report = await indexLibrary(embedded, entries, { ...how, embedder })
    await loaded.save()
    return report
  }
  if (!config.QDRANT_URL) {
    return { library: embedded, embedder, index: async (how) => ({ sqlite: await indexEmbedded(how) }) }
  }
  const primary = createQdrantLibrary({ url: config.QDRANT_URL, apiKey: config.QDRANT_API_KEY, embedding: embedder })
  const pending = pendingChanges(options.pending ?? folderTexts(config.PROMPTS_HOME))
  await takeOverList(join(config.PROMPTS_HOME, 'library-pending.json'), pending)
  const library = createFallbackLibrary({
    primary,
    embedded,
    pending,
    ...(options.onStoreChange ? { onChange: options.onStoreChange } : {}),
    ...(options.onRefused ? { onRefused: ({ kind, id }, reason) => options.onRefused?.(`${kind} ${id}`, reason) } : {}),
  })
  try {
    const there = await primary.hashes({ kind: 'doc', tenant: shippedTenant })
    if (there.size === 0) await indexLibrary(primary, entries, { embedder: null, signal })
  } catch (error) {
    if (signal.aborted) throw error
    options.onStoreChange?.('away', error instanceof Error ? error.message : String(error))
  }
  return {
    library,
    embedder,
    index: async (how) => ({
      sqlite: await indexEmbedded(how),
      qdrant: await indexLibrary(primary, entries, { ...how, embedder }),
    }),
  }
}

function openEmbedder(config: Config): Embedder | null {
  const client = createGeminiClient(config)
  return client && createGeminiEmbedder({ client, model: config.PROMPTS_EMBEDDING_MODEL, vertex: config.GOOGLE_GENAI_USE_VERTEXAI })
}

/** The knowledge folders that the embedded store was last loaded from; the first process to load it says which. */
function loadedFrom(path: string, folders: readonly string[]): { isSame(): Promise<boolean>; save(): Promise<void> } {
  const now = JSON.stringify(folders)
  const save = () => writeFileAtomically(path, now)
  return {
    async isSame() {
      const before = await readFile(path, 'utf8').catch(() => null)
      if (before === null) await save()
      return before === null || before === now
    },
    save,
  }
}

/**
 * What the library holds, without changing or making anything; null where there is none yet. @throws PromptsError `unavailable`.
 */
export async function countLibrary(config: Config): Promise<{ cases: number; docs: number } | null> {
  const path = join(config.PROMPTS_HOME, 'library.sqlite')
  if (!config.QDRANT_URL && !existsSync(path)) return null
  const library = config.QDRANT_URL
    ? createQdrantLibrary({ url: config.QDRANT_URL, apiKey: config.QDRANT_API_KEY, embedding: openEmbedder(config), readOnly: true })
    : createSqliteLibrary({ path, readOnly: true })
  try {
    const count = async (kind: 'case' | 'doc') => (await library.hashes({ kind, tenant: shippedTenant })).size
    const [cases, docs] = await Promise.all([count('case'), count('doc')])
    return { cases, docs }
  } finally {
    await library.close()
  }
}
