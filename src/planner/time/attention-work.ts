import type { Shards } from '../shards.ts'
import type { ResolvedModel } from '../workload.ts'
import type { LayerInput } from './layer-work.ts'
import { addOperation, type Work } from './work.ts'

/** Query-key pairs of one sequence that a causal mask, and an attention window, let through. */
export function causalPairs(model: ResolvedModel, length: number): number {
  const window = Math.min(model.attention_window ?? length, length)
  return window * length - (window * (window - 1)) / 2
}

/**
 * Attention over whole sequences. The flash kernel skips masked blocks and never writes the scores; plain dot products compute every
 * pair and move the scores through HBM.
 */
export function addAttention(
  work: Work,
  { rates, model, run }: LayerInput,
  { s, sequences, times }: { s: Shards; sequences: number; times: number },
): void {
  const layers = model.layers / s.stage
  const perPair = (4 * model.heads * model.head_dim) / s.model
  if (run.attention === 'flash') {
    const pairs = (sequences * causalPairs(model, run.seq_len)) / s.seq
    addOperation(work, rates, { arithmetic: (pairs * perPair) / rates.attention, bytes: 0, times: layers * times })
    return
  }
  const pairs = (sequences * run.seq_len * run.seq_len) / s.seq
  // scores written and read in f32, weights in the activation dtype
  const bytes = pairs * (model.heads / s.model) * (8 + 2 * rates.activationBytes)
  addOperation(work, rates, { arithmetic: (pairs * perPair) / rates.plain, bytes, times: layers * times })
}
