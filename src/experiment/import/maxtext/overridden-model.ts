import type { Attention, Layer, Mlp, Model } from '../../../contract/model.ts'
import { everyLayer } from '../../../planner/model/layer-groups.ts'
import { type ResolvedModel, resolveLayers, sameModel, sizeOf } from '../../../planner/model/resolved-model.ts'
import { writtenLayers } from '../written-layers.ts'

/** What a job says of one dim, by MaxText's name without `base_`; null where it leaves the model's own. */
export type SaidDim = (name: string) => number | null

/** A model of the library with the dims that a job sets otherwise (`override_model_config`); null where they are its own. */
export function overriddenModel(base: ResolvedModel, said: SaidDim, tied: boolean | null): Model | null {
  const model: Model = {
    ...(base.name === null ? {} : { name: base.name }),
    embed: said('emb_dim') ?? base.embed,
    vocab: said('vocab_size') ?? base.vocab,
    tied_embeddings: tied ?? base.tied_embeddings,
    ...(base.extra_parameters > 0 ? { extra_parameters: base.extra_parameters } : {}),
    ...writtenLayers(
      layersOf(base, said).map(({ attention, mlp }) => ({ attention: attentionOf(base, attention, said), mlp: mlpOf(base, mlp, said) })),
    ),
  }
  return sameModel(base, resolveLayers(model)) ? null : model
}

/** The layers in order: as many as are said, cut short or with the last pattern going on, and as many dense ones first. */
function layersOf(base: ResolvedModel, said: SaidDim): Layer[] {
  const own = everyLayer(base.groups)
  // MaxText counts the pairs of Gemma 2 as one layer
  const perLayer = /^gemma2/.test(base.name ?? '') ? 2 : 1
  const count = (said('num_decoder_layers') ?? base.layers / perLayer) * perLayer
  const leading = base.moeLayers > 0 ? (said('first_num_dense_layers') ?? base.leadingDense) : base.leadingDense
  const body = own.slice(base.leadingDense)
  const period = base.groups.find(({ layers }) => layers.some(({ mlp }) => mlp?.kind === 'moe') || base.moeLayers === 0)?.layers.length ?? 1
  const going = (i: number) => body[i] ?? body[i % period]!
  return Array.from({ length: count }, (_, i): Layer => {
    if (leading === base.leadingDense) return own[i] ?? going(i - leading)
    const layer = going(Math.max(0, i - leading))
    return i < leading ? { attention: layer.attention, mlp: own[0]!.mlp?.kind === 'dense' ? own[0]!.mlp : denseOf(layer.mlp, said) } : layer
  })
}

function denseOf(mlp: Mlp | null, said: SaidDim): Mlp {
  return { kind: 'dense', width: said('mlp_dim') ?? mlp?.width ?? 1, ...(mlp?.gated === undefined ? {} : { gated: mlp.gated }) }
}

/** A size that is said, unless the model has it already in some layer: those of its kinds may differ. */
function sized(own: number, said: number | null, sizes: readonly (number | undefined)[]): number {
  return said === null || said < 1 || sizes.includes(said) ? own : said
}

function attentionOf(base: ResolvedModel, attention: Attention | null, said: SaidDim): Attention | null {
  if (attention === null || attention.kind === 'linear') return attention
  const heads = sized(attention.heads, said('num_query_heads'), base.kinds.map(sizeOf.heads))
  if (attention.kind === 'mla') {
    const dim = (name: 'kv_lora_rank' | 'qk_nope_head_dim' | 'qk_rope_head_dim' | 'v_head_dim') => said(name) ?? attention[name]
    const queryRank = said('q_lora_rank') ?? attention.q_lora_rank
    return {
      kind: 'mla',
      heads,
      ...(queryRank ? { q_lora_rank: queryRank } : {}),
      kv_lora_rank: dim('kv_lora_rank'),
      qk_nope_head_dim: dim('qk_nope_head_dim'),
      qk_rope_head_dim: dim('qk_rope_head_dim'),
      v_head_dim: dim('v_head_dim'),
    }
  }
  const headDims = base.kinds.map(({ attention: one }) => (one && 'head_dim' in one ? one.head_dim : undefined))
  const window =
    attention.kind === 'window' ? said('sliding_window_size') : attention.kind === 'chunked' ? said('chunk_attn_window_size') : null
  return {
    ...attention,
    heads,
    kv_heads: sized(attention.kv_heads, said('num_kv_heads'), base.kinds.map(sizeOf.kvHeads)),
    head_dim: sized(attention.head_dim, said('head_dim'), headDims),
    ...(window !== null && window > 0 ? { window } : {}),
  }
}

function mlpOf(base: ResolvedModel, mlp: Mlp | null, said: SaidDim): Mlp | null {
  const experts = said('num_experts') ?? 0
  if (mlp === null) return null
  if (mlp.kind === 'dense') {
    if (base.moeLayers === 0 && experts > 1) return expertsOf({ kind: 'moe', experts: 1, experts_per_token: 1, width: mlp.width }, said)
    return { ...mlp, width: sized(mlp.width, said('mlp_dim'), base.kinds.map(sizeOf.mlp)) }
  }
  return expertsOf(mlp, said)
}

function expertsOf(mlp: Mlp & { kind: 'moe' }, said: SaidDim): Mlp {
  const own = said('moe_mlp_dim')
  const width = own !== null && own > 0 ? own : mlp.width
  const shared = sharedWidth(mlp, width, said)
  return {
    kind: 'moe',
    experts: said('num_experts') ?? mlp.experts,
    experts_per_token: said('num_experts_per_tok') ?? mlp.experts_per_token,
    width,
    ...(shared > 0 ? { shared_width: shared } : {}),
    ...(mlp.gated === undefined ? {} : { gated: mlp.gated }),
  }
}

/** Shared experts are as wide as the others, or (Gemma 4) as a dense MLP. */
function sharedWidth(mlp: Mlp & { kind: 'moe' }, width: number, said: SaidDim): number {
  const own = mlp.shared_width ?? 0
  const count = said('shared_experts')
  if (count === null) return (own / mlp.width) * width
  return own === count * (said('mlp_dim') ?? mlp.width) ? own : count * width
}
