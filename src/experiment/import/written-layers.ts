import type { Layer, Model } from '../../contract/model.ts'
import { groupLayers } from '../../planner/model/layer-groups.ts'

/**
 * The layers of a model as its file says them: the flat form where every layer is the same plain one, which people read best;
 * groups otherwise.
 */
export function writtenLayers(layers: readonly Layer[]): Pick<Model, 'layers'> & Partial<Model> {
  const groups = groupLayers(layers)
  const only = groups.length === 1 && groups[0]!.layers.length === 1 ? groups[0]!.layers[0]! : null
  const attention = only?.attention
  if (!only?.mlp || !attention || (attention.kind !== 'full' && attention.kind !== 'window')) return { layers: groups }
  const { mlp } = only
  const ownValues = attention.v_head_dim !== undefined && attention.v_head_dim !== attention.head_dim
  if (attention.output_gate || attention.shares_kv || ownValues || (mlp.kind === 'moe' && mlp.shared_width !== undefined))
    return { layers: groups }
  return {
    layers: layers.length,
    mlp: mlp.width,
    heads: attention.heads,
    kv_heads: attention.kv_heads,
    head_dim: attention.head_dim,
    gated_mlp: mlp.gated ?? true,
    ...(mlp.kind === 'moe' ? { experts: mlp.experts, experts_per_token: mlp.experts_per_token } : {}),
    ...(attention.window === undefined ? {} : { attention_window: attention.window }),
  }
}
