import type { CostModel } from '../cost-model.ts'
import type { MlpTerms } from '../model/mlp-terms.ts'
import type { ResolvedModel } from '../model/resolved-model.ts'
import type { Shards } from '../shards.ts'
import { dtypeBytes, type ResolvedRun } from '../workload.ts'

/** MaxText's and the reference program's default when capacity_factor is not set. */
export const defaultCapacityFactor = 1.25

/**
 * Rows that one device's experts compute: tokens times experts a token, with the room that dropping keeps free or dropless
 * reserves.
 */
export function routedTokens(mlp: MlpTerms, run: ResolvedRun, { tokens, s }: { tokens: number; s: Shards }): number {
  if (run.moe === 'dropless') return tokens * mlp.expertsPerToken
  // the dispatched tensor is cut over replica, data and expert, not over seq
  return tokens * s.seq * mlp.expertsPerToken * (run.capacity_factor ?? defaultCapacityFactor)
}

export interface ExpertLayer {
  model: ResolvedModel
  run: ResolvedRun
  constants: CostModel['memory']
}

/** Bytes of one expert layer's tensors in its backward pass: routed rows, hidden rows, and with dropping the one-hot masks. */
export function expertWorkspace(layer: ExpertLayer, mlp: MlpTerms | null, { tokens, s }: { tokens: number; s: Shards }): number {
  if (mlp === null || mlp.expertCount === 0) return 0
  const { model, run, constants: c } = layer
  const bytes = dtypeBytes[run.activation_dtype]
  const rows = routedTokens(mlp, run, { tokens, s })
  // dropless reserves for the worst routing on the receiving side
  const reserved = run.moe === 'dropless' && s.expert > 1 ? rows * Math.min(s.expert, mlp.expertCount / mlp.expertsPerToken) : rows
  const hidden = c.moe_hidden_tensors * reserved * (mlp.expertWidth / s.model) * bytes
  const embed = reserved * (model.embed / s.embed)
  if (run.moe === 'dropless') return hidden + c.moe_embed_tensors * embed * bytes + summedRows(mlp, tokens) * (model.embed / s.embed) * 4
  const slots = run.seq_len * mlp.expertsPerToken * (run.capacity_factor ?? defaultCapacityFactor)
  return hidden + c.dropping_embed_tensors * embed * bytes + c.dispatch_mask_bytes * tokens * slots
}

/**
 * Rows in f32 in which a token's are weighed and added: padded to the eight of a tile, unless they are so few that they are added
 * one by one.
 */
function summedRows({ expertsPerToken }: MlpTerms, tokens: number): number {
  return expertsPerToken > 2 ? Math.ceil(expertsPerToken / 8) * 8 * tokens : tokens
}
