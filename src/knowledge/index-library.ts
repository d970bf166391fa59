import type { Embedder } from './embeddings.ts'
import type { EntryKind, Library, LibraryEntry } from './library.ts'
import { shippedTenant } from './library.ts'

export interface IndexReport {
  added: number
  updated: number
  removed: number
  unchanged: number
}

export interface IndexOptions {
  /** null: signatures and words only; entries that already have an embedding of the same text keep it. */
  embedder: Embedder | null
  signal: AbortSignal
  onProgress?: (progress: { done: number; total: number }) => void
  /** Leaves what `entries` does not name: it may be another process's, with other knowledge folders. */
  keepOthers?: boolean
}

const entriesPerBatch = 64

/**
 * Brings the shipped part of a library to what `entries` say: adds what is new, replaces what changed, removes what vanished. The
 * rest is neither embedded nor written again. A stop half-way leaves a library that the next call completes.
 */
export async function indexLibrary(library: Library, entries: readonly LibraryEntry[], options: IndexOptions): Promise<IndexReport> {
  const report: IndexReport = { added: 0, updated: 0, removed: 0, unchanged: 0 }
  const stored = {
    case: await library.hashes({ kind: 'case', tenant: shippedTenant }),
    doc: await library.hashes({ kind: 'doc', tenant: shippedTenant }),
  }
  const changed = entries.filter((entry) => {
    const hash = stored[entry.kind].get(entry.id)
    if (hash === undefined) report.added++
    else if (isCurrent(hash, entry, options.embedder)) report.unchanged++
    else report.updated++
    return hash === undefined || !isCurrent(hash, entry, options.embedder)
  })
  for (const kind of ['case', 'doc'] as const) {
    const vanished = options.keepOthers === true ? [] : vanishedIds(kind, stored[kind], entries)
    report.removed += vanished.length
    await library.remove({ kind, tenant: shippedTenant, ids: vanished })
  }
  for (let start = 0; start < changed.length; start += entriesPerBatch) {
    options.signal.throwIfAborted()
    const batch = changed.slice(start, start + entriesPerBatch)
    await library.upsert(await embedEntries(batch, options.embedder, options.signal))
    options.onProgress?.({ done: Math.min(start + entriesPerBatch, changed.length), total: changed.length })
  }
  return report
}

/** Adds the text embeddings, and to the hashes which model made them. */
export async function embedEntries(
  entries: readonly LibraryEntry[],
  embedder: Embedder | null,
  signal: AbortSignal,
): Promise<LibraryEntry[]> {
  if (embedder === null || entries.length === 0) return [...entries]
  const vectors = await embedder.embed(
    entries.map((entry) => entry.text),
    'entry',
    signal,
  )
  return entries.map((entry, i) => ({ ...entry, embedding: vectors[i]!, hash: entry.hash + embeddedBy(embedder) }))
}

function isCurrent(stored: string, entry: LibraryEntry, embedder: Embedder | null): boolean {
  return embedder === null ? stored.split('@')[0] === entry.hash : stored === entry.hash + embeddedBy(embedder)
}

function embeddedBy(embedder: Embedder): string {
  return `@${embedder.name}/${embedder.dimensions}`
}

function vanishedIds(kind: EntryKind, stored: ReadonlyMap<string, string>, entries: readonly LibraryEntry[]): string[] {
  const wanted = new Set(entries.filter((entry) => entry.kind === kind).map((entry) => entry.id))
  return [...stored.keys()].filter((id) => !wanted.has(id))
}
