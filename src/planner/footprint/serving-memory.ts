import type { Phase } from '../../contract/experiment.ts'
import type { CostModel } from '../cost-model.ts'
import type { ModelTerms } from '../model-terms.ts'
import { gatheredWeights, storedParameters } from '../parameters.ts'
import type { Shards } from '../shards.ts'
import { dtypeBytes, type ResolvedModel, type ResolvedRun } from '../workload.ts'
import { expertWorkspace } from './expert-workspace.ts'
import { gib, type MemoryParts } from './memory-parts.ts'

export interface ServingMemoryInput {
  model: ResolvedModel
  terms: ModelTerms
  run: ResolvedRun
  phase: Phase
  /** The compiler lays weights and single cache heads out anew for decoding, as it does on chips that have SparseCores do it. */
  relayout: boolean
  constants: CostModel['memory']
}

/**
 * Bytes of keys and values that one device holds. The cache is as long as the context that the run states: an attention window masks
 * it but does not shorten it, as in the reference program and in MaxText.
 */
export function kvCacheBytes(model: ResolvedModel, run: ResolvedRun, s: Shards): number {
  const sequences = run.global_batch / s.batch
  const perToken = (2 * model.layers * model.kv_heads * model.head_dim * dtypeBytes[run.kv_dtype]) / (s.kvHeads * s.stage)
  return sequences * (run.seq_len / s.seq) * perToken
}

/** Peak memory of a prefill or of one decoding step: weights, cache, one layer's tensors and gathered weights, the logits. */
export function servingMemory(input: ServingMemoryInput, s: Shards): MemoryParts {
  const { model, terms, run, phase, relayout, constants: c } = input
  const bytes = dtypeBytes[run.activation_dtype]
  const stored = storedParameters(model, terms, s)
  const parameters = stored * dtypeBytes[run.weight_dtype]
  const kvCache = kvCacheBytes(model, run, s)
  const sequences = run.global_batch / s.batch
  const tokens = phase === 'prefill' ? sequences * (run.seq_len / s.seq) : sequences
  // the layers' weights or the table of the logits, whichever is larger: they are not gathered at the same time
  const table = s.weights > 1 ? (model.vocab / s.vocab) * model.embed : 0
  const gathered = Math.max(gatheredWeights(terms, s, c.gathered_layers), table) * bytes
  const cast = run.weight_dtype === run.activation_dtype ? 0 : c.cast_copies * stored * bytes
  const width = terms.moeLayers > 0 ? terms.sharedWidth : terms.denseWidth
  const embed = c.serving_embed_tensors * (s.embed > 1 ? model.embed : model.embed / s.embed)
  let activations = tokens * bytes * (embed + width / s.model)
  // a decoding step cuts a layer out of the cache before it reads it
  if (phase === 'decode') activations += (c.cache_layers * kvCache * s.stage) / model.layers
  if (phase === 'prefill' && s.seq > 1) activations += (tokens * s.seq * bytes * 2 * model.kv_heads * model.head_dim) / s.kvHeads
  if (terms.moeLayers > 0) activations += expertWorkspace(input, tokens, s) / 2
  // only each sequence's last position goes on to the sampler; the program computes logits in f32 for it alone
  const logits = sequences * (model.vocab / s.vocab) * 4
  let copies = 0
  if (relayout && phase === 'decode') {
    copies += c.weight_layout_copies * stored * bytes
    if (model.kv_heads === s.kvHeads) copies += c.cache_layout_copies * kvCache
  }
  const workspace = c.fixed_gib * gib + gathered + cast + copies
  const required = parameters + kvCache + activations + logits + workspace
  return { parameters, optimizer: 0, gradients: 0, activations, logits, kvCache, workspace, required }
}
