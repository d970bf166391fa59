import type { ModelTerms } from './model-terms.ts'
import type { Shards } from './shards.ts'
import type { ResolvedModel } from './workload.ts'

/** Parameter elements that one device stores, all its layers together. */
export function storedParameters(model: ResolvedModel, terms: ModelTerms, s: Shards): number {
  const attention = terms.queryOut / (s.weights * s.model) + terms.keyValue / (s.weights * s.kvHeads)
  const dense = terms.denseMlp / (s.weights * s.model)
  const moe = terms.sharedMlp / (s.weights * s.model) + terms.router / s.weights + terms.expertMlp / (s.expertWeights * s.expert * s.model)
  const layers = model.layers * attention + terms.denseLayers * dense + terms.moeLayers * moe
  return layers / s.stage + terms.vocabulary / (s.weights * s.vocab) + model.extra_parameters / s.weights
}

/**
 * Elements of gathered weights alive on one device: `layers` layers of those that are gathered ahead of their use, and one layer of
 * experts, which are gathered when they are used.
 */
export function gatheredWeights(terms: ModelTerms, s: Shards, layers: number): number {
  if (s.weights === 1) return 0
  const attention = terms.queryOut / s.model + terms.keyValue / s.kvHeads
  if (terms.moeLayers === 0) return layers * (attention + terms.denseMlp / s.model)
  const experts = s.expertWeights > 1 ? terms.expertMlp / (s.expert * s.model) : 0
  return layers * (attention + terms.sharedMlp / s.model + terms.router) + experts
}
