import type { AttentionTerms } from './model/attention-terms.ts'
import type { MlpTerms } from './model/mlp-terms.ts'
import type { ModelTerms } from './model/model-terms.ts'
import type { ResolvedModel } from './model/resolved-model.ts'
import { kvShards, type Shards } from './shards.ts'

/** Parameter elements that one device stores, all its layers together. */
export function storedParameters(model: ResolvedModel, terms: ModelTerms, s: Shards): number {
  let layers = 0
  for (const { attention, mlp, count } of terms.kinds) {
    const experts = mlp && mlp.experts > 0 ? mlp.experts / (s.expertWeights * s.expert * s.model) : 0
    layers += count * ((attentionShare(attention, s) + commonShare(mlp, s)) / s.weights + experts)
  }
  return layers / s.stage + terms.vocabulary / (s.weights * s.vocab) + model.extra_parameters / s.weights
}

/** Elements of one attention's weights that one device uses, gathered over FSDP. */
export function attentionShare(attention: AttentionTerms | null, s: Shards): number {
  if (!attention) return 0
  return attention.byHeads / s.model + attention.byKvHeads / kvShards(s, attention.kvHeads) + attention.whole
}

/** The same of an MLP's part that every token meets, and of its router. */
export function commonShare(mlp: MlpTerms | null, s: Shards): number {
  return mlp ? mlp.common / s.model + mlp.router : 0
}

export interface GatherLaws {
  /** Of those that are gathered ahead of their use. */
  layers: number
  /** A pattern of layers is computed again as a whole. */
  wholePatterns: boolean
  /** A device gathers all experts for its own tokens, over the expert axis too; otherwise its share, and tokens are exchanged. */
  everyExpert: boolean
}

/**
 * Elements of gathered weights alive on one device: `layers` layers of those that are gathered ahead of their use, and the
 * experts, which are gathered when they are used; of a whole pattern where one is computed again at a time, for they stay for the
 * backward pass. Of the patterns, the largest.
 */
export function gatheredWeights(terms: ModelTerms, s: Shards, options: GatherLaws): number {
  if (s.weights === 1) return 0
  const ways = (options.everyExpert ? 1 : s.expert) * s.model
  let largest = 0
  for (const { layers } of terms.patterns) {
    const each = layers.map(({ attention, mlp }) => {
      const experts = mlp && s.expertWeights > 1 ? mlp.experts / ways : 0
      return options.layers * (attentionShare(attention, s) + commonShare(mlp, s)) + experts
    })
    largest = Math.max(largest, options.wholePatterns ? each.reduce((sum, layer) => sum + layer, 0) : Math.max(...each))
  }
  return largest
}
