import type { Shards } from '../shards.ts'
import type { ResolvedModel, ResolvedRun } from '../workload.ts'
import type { Rates } from './rates.ts'
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
  rates: Rates,
  model: ResolvedModel,
  run: ResolvedRun,
  s: Shards,
  sequences: number,
  times: number,
): void {
  const layers = model.layers / s.stage
  const perPair = (4 * model.heads * model.head_dim) / s.model
  if (run.attention === 'flash') {
    const pairs = (sequences * causalPairs(model, run.seq_len)) / s.seq
    addOperation(work, rates, (pairs * perPair) / rates.attention, 0, layers * times)
    return
  }
  const pairs = (sequences * run.seq_len * run.seq_len) / s.seq
  // scores written and read in f32, weights in the activation dtype
  const bytes = pairs * (model.heads / s.model) * (8 + 2 * rates.activationBytes)
  addOperation(work, rates, (pairs * perPair) / rates.plain, bytes, layers * times)
}
