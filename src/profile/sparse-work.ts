import type { Intervals } from './intervals.ts'
import type { OpFacts } from './xspace/metadata.ts'

/** One op of a SparseCore: collectives that XLA moved there, gathers and scatters of embeddings. */
export interface SparseWork {
  facts: OpFacts
  /** The collective's kind, null for work of its own. */
  collective: string | null
  count: number
  spans: Intervals
}
