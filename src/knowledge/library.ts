import type { Case } from '../contract/case.ts'
import type { DocRule } from './doc-rule.ts'

/** Whose entries everyone sees: the library that ships with the program. */
export const shippedTenant = 'public'

/** A section of an expert document; the unit that is retrieved and cited. */
export interface DocSection {
  /** `tensor-parallelism#when-it-pays`: stable, because cards link to it. */
  id: string
  title: string
  text: string
  uri: string
  sources: { title: string; uri: string }[]
  /** What its document's header says it is about: topics, chips, bottlenecks, axes. */
  keywords: string[]
  /** The chips and phases that it is about; none named: all. */
  chips: string[]
  phases: string[]
  /** What this section says of an axis, for rules to compute with. */
  rules: DocRule[]
}

export type EntryKind = 'case' | 'doc'
export interface EntryItems {
  case: Case
  doc: DocSection
}

/** What a store keeps of a case or a document section, and what it is found by. */
export interface LibraryEntry<K extends EntryKind = EntryKind> {
  kind: K
  id: string
  /** `public`, or the one tenant that may see it. */
  tenant: string
  /** What the words and the embedding were taken from. */
  text: string
  /** Workload signature, of unit length; documents have none. */
  signature: number[] | null
  /** Text embedding, of unit length; null where no embedding model is configured. */
  embedding: number[] | null
  /** Changes whenever anything above or the item changes. */
  hash: string
  item: EntryItems[K]
}

/** The ways an entry is found: workload signature, text embedding, words. With several the ranks are fused. */
export type Channel = 'signature' | 'text' | 'sparse'

export interface LibraryQuery<K extends EntryKind = EntryKind> {
  kind: K
  tenant: string
  text: string
  signature: number[] | null
  embedding: number[] | null
  limit: number
  /** Default: every channel for which the query and the store have something. */
  channels?: readonly Channel[]
}

export interface Hit<K extends EntryKind = EntryKind> {
  item: EntryItems[K]
  tenant: string
  /** Fused score, 0 to 1; only comparable within one answer. */
  score: number
  /** Cosine of the workload signatures, null for documents. */
  similarity: number | null
}

export type StoreName = 'sqlite' | 'qdrant'

export interface SearchAnswer<K extends EntryKind = EntryKind> {
  hits: Hit<K>[]
  /** Which store answered; the embedded one stands in when Qdrant cannot be reached. */
  answeredBy: StoreName
}

/**
 * The library of cases and documents. A tenant sees the shipped entries and its own, enforced by the store's own query.
 * @throws PromptsError `unavailable` when the store cannot be reached.
 */
export interface Library {
  readonly store: StoreName
  upsert(entries: readonly LibraryEntry[]): Promise<void>
  remove(selection: { kind: EntryKind; tenant: string; ids: readonly string[] }): Promise<void>
  search<K extends EntryKind>(query: LibraryQuery<K>): Promise<SearchAnswer<K>>
  get<K extends EntryKind>(selection: { kind: K; tenant: string; id: string }): Promise<EntryItems[K] | null>
  /** Every entry a tenant may see, or with `own` only those of its own, in the order of their ids. */
  list<K extends EntryKind>(selection: { kind: K; tenant: string; limit: number; own?: boolean }): Promise<EntryItems[K][]>
  /** id → hash of exactly one tenant's entries, for loading only what changed. */
  hashes(selection: { kind: EntryKind; tenant: string }): Promise<Map<string, string>>
  close(): Promise<void>
}
