import type { CostModel } from '../cost-model.ts'
import type { Shards } from '../shards.ts'
import { dtypeBytes, type ResolvedModel, type ResolvedRun } from '../workload.ts'

/** MaxText's and the reference program's default when capacity_factor is not set. */
export const defaultCapacityFactor = 1.25

/** Rows that one device's experts compute: tokens times experts a token, with the room that dropping keeps free or dropless reserves. */
export function routedTokens(model: ResolvedModel, run: ResolvedRun, tokens: number, s: Shards): number {
  if (run.moe === 'dropless') return tokens * model.experts_per_token
  // the dispatched tensor is cut over replica, data and expert, not over seq
  return tokens * s.seq * model.experts_per_token * (run.capacity_factor ?? defaultCapacityFactor)
}

export interface ExpertLayer {
  model: ResolvedModel
  run: ResolvedRun
  constants: CostModel['memory']
}

/** Bytes of one expert layer's tensors in its backward pass: routed rows, hidden rows, and with dropping the one-hot masks. */
export function expertWorkspace({ model, run, constants: c }: ExpertLayer, tokens: number, s: Shards): number {
  const bytes = dtypeBytes[run.activation_dtype]
  const rows = routedTokens(model, run, tokens, s)
  // dropless reserves for the worst routing on the receiving side
  const reserved = run.moe === 'dropless' && s.expert > 1 ? rows * Math.min(s.expert, model.experts / model.experts_per_token) : rows
  const hidden = c.moe_hidden_tensors * reserved * (model.mlp / s.model) * bytes
  const embed = c.moe_embed_tensors * reserved * (model.embed / s.embed) * bytes
  if (run.moe === 'dropless') return hidden + embed
  const slots = run.seq_len * model.experts_per_token * (run.capacity_factor ?? defaultCapacityFactor)
  return hidden + embed + c.dispatch_mask_bytes * tokens * slots
}
