import { causalPairs } from '../model/attention-terms.ts'
import type { Shards } from '../shards.ts'
import type { LayerInput } from './layer-work.ts'
import { addOperation, type Work } from './work.ts'

/**
 * Attention over whole sequences. The flash kernel skips masked blocks and never writes the scores; plain dot products compute
 * every pair and move the scores through HBM. A recurrence handles its tokens one chunk after another.
 */
export function addAttention(
  work: Work,
  { rates, terms, run }: LayerInput,
  { s, sequences, times }: { s: Shards; sequences: number; times: number },
): void {
  for (const { attention, count } of terms.kinds) {
    if (!attention) continue
    const layers = count / s.stage
    if (attention.kind === 'linear') {
      const arithmetic = (sequences * (run.seq_len / s.seq) * attention.perToken) / s.model / rates.attention
      addOperation(work, rates, { arithmetic, bytes: 0, times: layers * times })
      continue
    }
    const perPair = attention.perPair / s.model
    if (run.attention === 'flash') {
      const pairs = (sequences * causalPairs(attention, run.seq_len)) / s.seq
      addOperation(work, rates, { arithmetic: (pairs * perPair) / rates.attention, bytes: 0, times: layers * times })
      continue
    }
    const pairs = (sequences * run.seq_len * run.seq_len) / s.seq
    // scores written and read in f32, weights in the activation dtype
    const bytes = pairs * (attention.rows / s.model) * (8 + 2 * rates.activationBytes)
    addOperation(work, rates, { arithmetic: (pairs * perPair) / rates.plain, bytes, times: layers * times })
  }
}
