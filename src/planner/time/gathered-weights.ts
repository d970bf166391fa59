import type { ModelTerms } from '../model/model-terms.ts'
import { attentionShare, commonShare } from '../parameters.ts'
import type { Shards } from '../shards.ts'
import type { LayerInput } from './layer-work.ts'
import type { Passes } from './passes.ts'

/** Elements of a stage's layers that FSDP gathers for one device, experts apart. */
export function layerWeights({ kinds }: ModelTerms, s: Shards): number {
  let elements = 0
  for (const { attention, mlp, count } of kinds) elements += (count / s.stage) * (attentionShare(attention, s) + commonShare(mlp, s))
  return elements
}

/**
 * HBM bytes that FSDP costs a device in one microbatch beside its products, which read what was gathered: every gather writes a
 * layer's weights, and their gradient is written whole and read again to be reduced.
 */
export function gatheredWeightBytes({ terms, rates }: LayerInput, s: Shards, passes: Passes): number {
  let elements = s.weights > 1 ? terms.vocabulary / s.vocab + layerWeights(terms, s) : 0
  if (s.expertWeights > 1)
    for (const { mlp, count } of terms.kinds)
      if (mlp && mlp.expertCount > 0) elements += ((count / s.stage) * mlp.experts) / s.model / s.expert
  return elements * rates.activationBytes * (passes.gathers + 2 * passes.reductions)
}
