import { attentionShare, commonShare } from '../parameters.ts'
import type { Shards } from '../shards.ts'
import type { LayerInput } from './layer-work.ts'
import type { Passes } from './passes.ts'

/**
 * HBM bytes that FSDP costs a device in one microbatch beside its products, which read what was gathered: every gather writes a
 * layer's weights, and their gradient is written whole and read again to be reduced.
 */
export function gatheredWeightBytes({ terms, rates }: LayerInput, s: Shards, passes: Passes): number {
  let elements = s.weights > 1 ? terms.vocabulary / s.vocab : 0
  for (const { attention, mlp, count } of terms.kinds) {
    const layers = count / s.stage
    if (s.weights > 1) elements += layers * (attentionShare(attention, s) + commonShare(mlp, s))
    if (s.expertWeights > 1 && mlp && mlp.expertCount > 0) elements += (layers * mlp.experts) / s.model / s.expert
  }
  return elements * rates.activationBytes * (passes.gathers + 2 * passes.reductions)
}
