import type { LayerTerms, ModelTerms } from '../model/model-terms.ts'
import type { ResolvedModel } from '../model/resolved-model.ts'
import type { RematPolicy } from '../remat-policy.ts'
import { keyValueShards, type Shards } from '../shards.ts'
import { dtypeBytes, type ResolvedRun } from '../workload.ts'

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
}

/** What a remat policy keeps of all layers, bytes a token (the token's share on one device of the model axis). */
export function savedPerToken(input: SavedLayers, s: Shards): SavedPerToken {
  const saved = { device: 0, host: 0 }
  for (const kind of input.terms.kinds) {
    const layer = savedOfLayer(input, kind, s)
    saved.device += kind.count * layer.device
    saved.host += kind.count * layer.host
  }
  return saved
}

function savedOfLayer({ model, run, policy }: SavedLayers, { attention, mlp }: LayerTerms, s: Shards): SavedPerToken {
  const bytes = dtypeBytes[run.activation_dtype]
  const input = (model.embed / s.embed) * bytes
  const sums: [again: number, device: number, host: number] = [0, 0, 0]
  sums[policy.input] += input
  if (attention) {
    // a recurrence has no tensor that a policy names before its output
    if (attention.kind !== 'linear')
      sums[policy.qkv] += (attention.query / s.model + attention.keyValue / keyValueShards(s, attention)) * bytes
    // the flash kernel keeps its row sums in f32 beside its output
    sums[policy.context] += (attention.context * bytes + 4 * attention.rows) / s.model
    sums[policy.out] += input
  }
  let hidden = 0
  if (mlp) {
    // the experts' tensors have names of their own (moe_mlpwi_0 …), which only `none` keeps
    const width = mlp.width + (policy.saveAll ? mlp.expertWidth * mlp.expertsPerToken : 0)
    hidden = (width / s.model) * bytes
    sums[policy.wi] += mlp.inputs * hidden
    sums[policy.act] += hidden
  }
  if (policy.saveAll) sums[1] += (attention && mlp ? 4 : 2) * input + hidden
  return { device: sums[1], host: sums[2] }
}
