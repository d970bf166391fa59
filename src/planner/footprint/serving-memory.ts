import type { Phase } from '../../contract/experiment.ts'
import type { CostModel } from '../cost-model.ts'
import { largestOver, type ModelTerms } from '../model/model-terms.ts'
import type { ResolvedModel } from '../model/resolved-model.ts'
import { gatheredWeights, storedParameters } from '../parameters.ts'
import type { EngineLaws } from '../serving/engine-laws.ts'
import { keyValueShards, kvShards, type Shards } from '../shards.ts'
import { dtypeBytes, type ResolvedRun } from '../workload.ts'
import { expertWorkspace } from './expert-workspace.ts'
import { kvCacheBytes, layerCacheBytes } from './kv-cache.ts'
import { gib, type MemoryParts } from './memory-parts.ts'

export interface ServingMemoryInput {
  model: ResolvedModel
  terms: ModelTerms
  run: ResolvedRun
  phase: Phase
  laws: EngineLaws
  /** The compiler lays weights and single cache heads out anew for decoding, as it does on chips that have SparseCores do it. */
  relayout: boolean
  /** Bytes that an engine leaves free of weights and cache, for everything else. */
  reserved: number
  constants: CostModel['memory']
}

/** Peak memory of a prefill or of one decoding step: weights, cache, one layer's tensors and gathered weights, the logits. */
export function servingMemory(input: ServingMemoryInput, s: Shards): MemoryParts {
  const { model, terms, run, phase, laws, constants: c } = input
  const bytes = dtypeBytes[run.activation_dtype]
  const stored = storedParameters(model, terms, s)
  const parameters = stored * dtypeBytes[run.weight_dtype]
  const kvCache = kvCacheBytes({ terms, run, windowedCache: laws.windowedCache }, s)
  const sequences = run.global_batch / s.batch
  // the layers' weights or the table of the logits, whichever is larger: they are not gathered at the same time
  const table = s.weights > 1 ? (model.vocab / s.vocab) * model.embed : 0
  const gathered =
    Math.max(gatheredWeights(terms, s, { layers: c.gathered_layers, wholePatterns: false, everyExpert: false }), table) * bytes
  const widened = dtypeBytes[run.weight_dtype] < bytes ? !laws.readsStoredType : run.weight_dtype !== run.activation_dtype
  const cast = widened ? c.cast_copies * stored * bytes : 0
  const activations = layerBytes(input, s)
  // only each sequence's last position goes on to the sampler; the program computes logits in f32 for it alone
  const logits = sequences * (model.vocab / s.vocab) * 4
  const copies = phase === 'decode' && input.relayout ? layoutCopies(input, s, stored) : 0
  const workspace = input.reserved + c.fixed_gib * gib + gathered + cast + copies
  const required = parameters + kvCache + activations + logits + workspace
  return { parameters, optimizer: 0, gradients: 0, activations, logits, kvCache, workspace, required }
}

/** The largest layer's tensors; a decoding step of a compiled loop cuts a layer out of the cache before it reads it. */
function layerBytes(input: ServingMemoryInput, s: Shards): number {
  const { model, run, phase, laws, constants: c } = input
  const bytes = dtypeBytes[run.activation_dtype]
  const sequences = run.global_batch / s.batch
  const tokens = phase === 'prefill' ? sequences * (run.seq_len / s.seq) : sequences
  const embed = c.serving_embed_tensors * (s.embed > 1 ? model.embed : model.embed / s.embed)
  return largestOver(input.terms, ({ attention, mlp }) => {
    let layer = tokens * bytes * (embed + (mlp?.width ?? 0) / s.model) + expertWorkspace(input, mlp, { tokens, s }) / 2
    if (!attention) return layer
    if (phase === 'decode' && !laws.readsCacheInPlace) layer += c.cache_layers * sequences * oneLayerCache(input, attention, s)
    if (phase === 'prefill' && s.seq > 1) layer += (tokens * s.seq * bytes * attention.keyValue) / keyValueShards(s, attention)
    return layer
  })
}

function oneLayerCache({ terms, run, laws }: ServingMemoryInput, attention: Parameters<typeof layerCacheBytes>[1], s: Shards): number {
  return layerCacheBytes({ terms, run, windowedCache: laws.windowedCache }, attention, s)
}

/** Weights are laid out anew, and keys or values whole where a device holds one head of them. */
function layoutCopies(input: ServingMemoryInput, s: Shards, stored: number): number {
  const { terms, run, laws, constants: c } = input
  if (laws.readsCacheInPlace) return 0
  const wide = dtypeBytes[run.activation_dtype]
  const weight = laws.readsStoredType ? Math.min(dtypeBytes[run.weight_dtype], wide) : wide
  const sequences = run.global_batch / s.batch
  let copies = c.weight_layout_copies * stored * weight
  for (const { attention, count } of terms.kinds) {
    if (!attention || attention.kvHeads === 0 || attention.kvHeads !== kvShards(s, attention.kvHeads)) continue
    copies += (c.cache_layout_copies * count * sequences * oneLayerCache(input, attention, s)) / s.stage
  }
  return copies
}
