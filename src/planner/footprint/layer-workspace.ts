import json from '../../../knowledge/maxtext.json' with { type: 'json' }
import type { Framework } from '../../contract/experiment.ts'
import { fusedBackwardParts } from '../attention-blocks.ts'
import type { CostModel } from '../cost-model.ts'
import type { LayerTerms, ModelTerms } from '../model/model-terms.ts'
import type { ResolvedModel } from '../model/resolved-model.ts'
import type { RematPolicy } from '../remat-policy.ts'
import { exchangesHeads } from '../run-flags.ts'
import { keyValueShards, type Shards } from '../shards.ts'
import { dtypeBytes, type ResolvedRun } from '../workload.ts'
import { expertWorkspace } from './expert-workspace.ts'

export interface LayerWorkspaceInput {
  model: ResolvedModel
  terms: ModelTerms
  run: ResolvedRun
  policy: Pick<RematPolicy, 'name'>
  framework: Framework
  constants: CostModel['memory']
}

const eachLayer: ReadonlySet<string> = new Set(json.remat_each_layer)

/**
 * MaxText scans over patterns of layers and, but for some models, computes a whole one again at a time, from its input; the
 * reference program each layer.
 */
export function wholePatterns({ framework, model }: { framework: Framework; model: Pick<ResolvedModel, 'name'> }): boolean {
  return framework === 'maxtext' && !eachLayer.has(model.name ?? '')
}

/**
 * Whether the tensors of all layers of a pattern are alive together: they are where it is computed again from its first input
 * alone. A custom policy keeps every layer's input, so that each is computed again by itself.
 */
export function patternsAtOnce(input: Pick<LayerWorkspaceInput, 'framework' | 'model' | 'policy'>): boolean {
  return wholePatterns(input) && input.policy.name !== 'custom'
}

/**
 * Bytes of the tensors that are alive in the backward pass of one layer, or of one pattern of layers, whichever is the largest.
 * Beside a loop over patterns, layers that stand alone (a leading dense one, what a pattern leaves over) are computed again
 * before it, and wait.
 */
export function layerWorkspace(input: LayerWorkspaceInput, s: Shards, tokens: number): number {
  let largest = 0
  for (const { layers } of input.terms.patterns) {
    const each = layers.map((layer) => layerBytes(input, layer, s, tokens))
    largest = Math.max(largest, patternsAtOnce(input) ? each.reduce((sum, bytes) => sum + bytes, 0) : Math.max(...each))
  }
  return largest + waiting(input, s, tokens)
}

function waiting({ model, terms, run, framework, constants: c }: LayerWorkspaceInput, s: Shards, tokens: number): number {
  if (!wholePatterns({ framework, model }) || terms.patterns.length === 1) return 0
  let width = 0
  for (const { repeat, layers } of terms.patterns) if (repeat === 1) for (const { mlp } of layers) width += mlp?.width ?? 0
  return (c.alone_mlp_tensors * tokens * width * dtypeBytes[run.activation_dtype]) / s.model
}

function layerBytes(input: LayerWorkspaceInput, { attention, mlp }: LayerTerms, s: Shards, tokens: number): number {
  const { model, run, constants: c } = input
  const bytes = dtypeBytes[run.activation_dtype]
  let tensors = c.layer_embed_tensors * (model.embed / s.embed) + (s.embed > 1 ? c.gathered_embed_tensors * model.embed : 0)
  if (attention) {
    tensors += (c.layer_query_tensors * attention.query) / s.model
    // context parallelism gathers keys and values, and their gradients, over the whole sequence, or exchanges heads for it
    const sequence = exchangesHeads(run.flags) ? 1 : s.seq
    tensors += (2 * sequence * attention.keyValue) / keyValueShards(s, attention)
    tensors += (fusedBackwardParts(run) * attention.query) / s.model
    if (run.attention === 'dot_product') tensors += (6 / bytes) * (attention.rows / s.model) * run.seq_len
  }
  tensors += c.layer_mlp_tensors * ((mlp?.width ?? 0) / s.model)
  return tokens * bytes * tensors + expertWorkspace(input, mlp, { tokens, s })
}
