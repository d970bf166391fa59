import type { Model } from '../../contract/model.ts'
import type { ResolvedModel } from './resolved-model.ts'

/** A model that the flat form of an experiment describes, every default filled in. */
export type FlatModel = Required<Omit<Model, 'name' | 'layers' | 'attention_window'>> & { layers: number; attention_window: number | null }

/**
 * The flat form of a model: one kind of plain attention in every layer, one kind of MLP after leading dense layers; null for any
 * other.
 */
export function flatForm(model: ResolvedModel): FlatModel | null {
  const [first, second, third] = model.groups
  const last = second ?? first
  if (!first || !last || third || model.groups.some(({ layers }) => layers.length !== 1)) return null
  const { attention, mlp } = last.layers[0]!
  if (attention === null || mlp === null || attention.kind === 'mla' || attention.kind === 'linear' || attention.kind === 'chunked')
    return null
  if (attention.output_gate || attention.shares_kv || (attention.v_head_dim ?? attention.head_dim) !== attention.head_dim) return null
  const moe = mlp.kind === 'moe' ? mlp : null
  const shared = (moe?.shared_width ?? 0) / mlp.width
  if (!Number.isInteger(shared)) return null
  if (second) {
    const leading = first.layers[0]!
    if (JSON.stringify(leading.attention) !== JSON.stringify(attention) || moe === null || leading.mlp?.kind !== 'dense') return null
    if (leading.mlp.width !== mlp.width * (moe.experts_per_token + shared) || (leading.mlp.gated ?? true) !== (mlp.gated ?? true))
      return null
  }
  return {
    layers: model.layers,
    embed: model.embed,
    mlp: mlp.width,
    heads: attention.heads,
    kv_heads: attention.kv_heads,
    head_dim: attention.head_dim,
    vocab: model.vocab,
    gated_mlp: mlp.gated ?? true,
    tied_embeddings: model.tied_embeddings,
    experts: moe?.experts ?? 1,
    experts_per_token: moe?.experts_per_token ?? 1,
    shared_experts: shared,
    dense_layers: second ? first.repeat : 0,
    attention_window: attention.kind === 'window' ? (attention.window ?? null) : null,
    extra_parameters: model.extra_parameters,
  }
}
