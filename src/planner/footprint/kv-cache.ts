import type { AttentionTerms } from '../model/attention-terms.ts'
import type { ModelTerms } from '../model/model-terms.ts'
import { kvShards, type Shards } from '../shards.ts'
import { dtypeBytes, type ResolvedRun } from '../workload.ts'

export interface CacheInput {
  terms: ModelTerms
  run: ResolvedRun
  /** Layers with a window or a chunk hold that many tokens; otherwise all, and the window only masks. */
  windowedCache: boolean
}

/**
 * Bytes that one device holds for the sequences in flight: keys and values, latents (whole on every device of the model axis),
 * states.
 */
export function kvCacheBytes(input: CacheInput, s: Shards): number {
  const sequences = input.run.global_batch / s.batch
  let bytes = 0
  for (const { attention, count } of input.terms.kinds) if (attention) bytes += count * layerCacheBytes(input, attention, s)
  return (sequences * bytes) / s.stage
}

/** Bytes of one layer for one sequence. */
export function layerCacheBytes({ run, windowedCache }: CacheInput, attention: AttentionTerms, s: Shards): number {
  const held = windowedCache && attention.span !== null ? Math.min(attention.span, run.seq_len) : run.seq_len
  const perToken = (attention.cacheByKvHeads / kvShards(s, attention.kvHeads) + attention.cacheWhole) * dtypeBytes[run.kv_dtype]
  return (held / s.seq) * perToken + attention.stateBytes / s.model
}
