import type { RematPolicy } from '../remat-policy.ts'
import type { Shards } from '../shards.ts'
import { dtypeBytes, type ResolvedModel, type ResolvedRun } from '../workload.ts'

/** Bytes that one layer keeps per token between the passes, on one device. */
export interface SavedPerToken {
  device: number
  host: number
}

/** A layer of one mesh: the width of its MLP, and how many input projections that has. */
export interface SavedLayer {
  model: ResolvedModel
  run: ResolvedRun
  width: number
  inputs: number
  policy: RematPolicy
  s: Shards
}

/** What a remat policy keeps of one layer, bytes a token (the token's share on one device of the model axis). */
export function savedPerToken({ model, run, width, inputs, policy, s }: SavedLayer): SavedPerToken {
  const bytes = dtypeBytes[run.activation_dtype]
  const input = (model.embed / s.embed) * bytes
  const query = (model.heads * model.head_dim * bytes) / s.model
  const keyValue = (2 * model.kv_heads * model.head_dim * bytes) / s.kvHeads
  const hidden = (width / s.model) * bytes
  const sums: [again: number, device: number, host: number] = [0, 0, 0]
  sums[policy.input] += input
  sums[policy.qkv] += query + keyValue
  // the flash kernel keeps its row sums in f32 beside its output
  sums[policy.context] += query + (4 * model.heads) / s.model
  sums[policy.out] += input
  sums[policy.wi] += inputs * hidden
  sums[policy.act] += hidden
  if (policy.saveAll) sums[1] += 4 * input + hidden
  return { device: sums[1], host: sums[2] }
}
