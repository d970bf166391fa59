import type { Framework } from '../../contract/experiment.ts'
import type { AttentionTerms } from '../model/attention-terms.ts'
import type { MlpTerms } from '../model/mlp-terms.ts'
import type { LayerTerms, ModelTerms } from '../model/model-terms.ts'
import type { ResolvedModel } from '../model/resolved-model.ts'
import type { RematPolicy, RematTensor } from '../remat-policy.ts'
import { keyValueShards, type Shards } from '../shards.ts'
import { dtypeBytes, type ResolvedRun } from '../workload.ts'
import { routedTokens } from './expert-workspace.ts'
import { wholePatterns } from './layer-workspace.ts'

/** Bytes that layers keep per token between the passes, on one device. */
export interface SavedPerToken {
  device: number
  host: number
}

export interface SavedLayers {
  model: ResolvedModel
  terms: ModelTerms
  run: ResolvedRun
  policy: RematPolicy
  framework: Framework
}

/** What a remat policy keeps of all layers, bytes a token (the token's share on one device of the model axis). */
export function savedPerToken(input: SavedLayers, s: Shards): SavedPerToken {
  const saved = { device: 0, host: 0 }
  for (const { repeat, layers } of input.terms.patterns) {
    for (const [i, terms] of layers.entries()) {
      const layer = savedOfLayer(input, terms, { s, first: i === 0 })
      saved.device += repeat * layer.device
      saved.host += repeat * layer.host
    }
  }
  return saved
}

function savedOfLayer(input: SavedLayers, { attention, mlp }: LayerTerms, place: { s: Shards; first: boolean }): SavedPerToken {
  const { s, first } = place
  const { model, run, policy } = input
  const residual = (model.embed / s.embed) * dtypeBytes[run.activation_dtype]
  const sums: [again: number, device: number, host: number] = [0, 0, 0]
  const keep = (tensor: RematTensor, bytes: number) => {
    sums[policy.tensors[tensor]] += bytes
  }
  // a custom policy names every layer's input, the others only keep what a pattern starts from
  if (first || !wholePatterns(input) || policy.saveAll || policy.name === 'custom') keep('decoder_layer_input', residual)
  if (attention) {
    keepAttention(keep, input, attention, s)
    keep('out_proj', residual)
  }
  if (mlp) keepMlp(keep, input, mlp, s)
  // what has no name: the norms' outputs, the activation's
  if (policy.saveAll) sums[1] += (attention && mlp ? 3 : 1) * residual
  return { device: sums[1], host: sums[2] }
}

type Keep = (tensor: RematTensor, bytes: number) => void

function keepAttention(keep: Keep, { run }: SavedLayers, attention: AttentionTerms, s: Shards): void {
  const bytes = dtypeBytes[run.activation_dtype]
  // the flash kernel keeps its row sums in f32 beside its output, under the same name
  keep('context', (attention.context * bytes + 4 * attention.rows) / s.model)
  // a recurrence has no tensor that a policy names before its output
  if (attention.kind === 'linear') return
  const { query, key, keyValue, queryLatent, kvLatent, kvRank } = attention
  const shards = keyValueShards(s, attention)
  keep('query_proj', (query / s.model) * bytes)
  keep('key_proj', (key / shards) * bytes)
  keep('value_proj', ((keyValue - key) / shards) * bytes)
  keep('query_wa_proj', queryLatent * bytes)
  keep('mla_q', queryLatent * bytes)
  keep('kv_wa_proj', kvLatent * bytes)
  keep('mla_kv', kvRank * bytes)
}

function keepMlp(keep: Keep, { model, run, policy }: SavedLayers, mlp: MlpTerms, s: Shards): void {
  const bytes = dtypeBytes[run.activation_dtype]
  const inputs: RematTensor[] = mlp.inputs === 2 ? ['mlpwi_0', 'mlpwi_1'] : ['mlpwi']
  const hidden = (mlp.width / s.model) * bytes
  for (const tensor of inputs) keep(tensor, hidden)
  if (policy.saveAll) keep('mlpwi_0', hidden)
  if (mlp.expertCount === 0) return
  const rows = routedTokens(mlp, run, { tokens: 1, s }) * bytes
  const width = rows * (mlp.expertWidth / s.model)
  const embed = rows * (model.embed / s.embed)
  // MaxText gives these the names of a dense MLP's tensors too; the grouped product's second input has its own name alone
  keep(firstKept(policy, 'moe_mlpwi_0', 'mlpwi_0'), width)
  keep(run.moe === 'dropless' ? 'moe_mlpwi_1' : firstKept(policy, 'moe_mlpwi_1', 'mlpwi_1'), width)
  keep(firstKept(policy, 'moe_mlpwo', 'mlpwo'), embed)
  keep('moe_x_sorted', embed)
}

/** Of two names of one tensor, the one by which the policy keeps it. */
function firstKept(policy: RematPolicy, own: RematTensor, shared: RematTensor): RematTensor {
  return policy.tensors[own] > 0 ? own : shared
}
