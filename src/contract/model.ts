import { z } from 'zod'

const count = z.int().min(1).max(1e12)
const heads = count.max(100_000)
const width = count.max(1e8)

/** Attention of one layer whose cache grows with the tokens: all of them, the last `window`, or those of the same chunk. */
const plainAttentionSchema = z.strictObject({
  kind: z.enum(['full', 'window', 'chunked']),
  heads,
  kv_heads: heads,
  head_dim: heads,
  v_head_dim: heads.optional(),
  window: count.optional(),
  output_gate: z.boolean().optional(),
  shares_kv: z.boolean().optional(),
})

/**
 * Multi-head latent attention (DeepSeek-V2): keys and values come from a latent of `kv_lora_rank`, which is what the cache holds.
 */
const latentAttentionSchema = z.strictObject({
  kind: z.literal('mla'),
  heads,
  q_lora_rank: width.optional(),
  kv_lora_rank: width,
  qk_nope_head_dim: heads,
  qk_rope_head_dim: heads,
  v_head_dim: heads,
})

/** A layer that keeps a state a sequence and no cache a token; `dims` has the names of the model's own config. */
const linearAttentionSchema = z.strictObject({
  kind: z.literal('linear'),
  variant: z.enum(['gated_delta', 'mamba2', 'mamba1']),
  dims: z.record(z.string().min(1).max(100), z.number().min(0).max(1e9)),
})

export const attentionSchema = z.discriminatedUnion('kind', [plainAttentionSchema, latentAttentionSchema, linearAttentionSchema])
export type Attention = z.infer<typeof attentionSchema>
export type LinearAttention = z.infer<typeof linearAttentionSchema>

const denseMlpSchema = z.strictObject({ kind: z.literal('dense'), width, gated: z.boolean().optional() })
/** `width` is one expert's; `shared_width` the width of what every token visits beside its experts. */
const moeMlpSchema = z.strictObject({
  kind: z.literal('moe'),
  experts: heads,
  experts_per_token: heads,
  width,
  shared_width: width.optional(),
  gated: z.boolean().optional(),
})
export const mlpSchema = z.discriminatedUnion('kind', [denseMlpSchema, moeMlpSchema])
export type Mlp = z.infer<typeof mlpSchema>

const layerSchema = z.strictObject({ attention: attentionSchema.nullable(), mlp: mlpSchema.nullable() })
export type Layer = z.infer<typeof layerSchema>

/** A pattern of layers and how often it comes. */
export const layerGroupSchema = z.strictObject({ repeat: count.max(10_000), layers: z.array(layerSchema).min(1).max(1000) })
export type LayerGroup = z.infer<typeof layerGroupSchema>

const flatKeys = [
  'mlp',
  'heads',
  'kv_heads',
  'head_dim',
  'gated_mlp',
  'experts',
  'experts_per_token',
  'shared_experts',
  'dense_layers',
  'attention_window',
] as const
const neededFlat = ['mlp', 'heads', 'kv_heads', 'head_dim'] as const

/**
 * A decoder: a list of layer groups in order, or a number of the one layer that the flat keys describe (`mlp` is one expert's
 * width in a MoE).
 */
export const modelSchema = z
  .strictObject({
    name: z.string().min(1).max(200).optional(),
    layers: z.union([count.max(10_000), z.array(layerGroupSchema).min(1).max(1000)]),
    embed: count.max(1e7),
    vocab: count.max(1e8),
    tied_embeddings: z.boolean().optional(),
    extra_parameters: z.number().min(0).max(1e15).optional(),
    mlp: width.optional(),
    heads: heads.optional(),
    kv_heads: heads.optional(),
    head_dim: heads.optional(),
    gated_mlp: z.boolean().optional(),
    experts: heads.optional(),
    experts_per_token: heads.optional(),
    shared_experts: z.int().min(0).max(100_000).optional(),
    dense_layers: z.int().min(0).max(10_000).optional(),
    attention_window: count.optional(),
  })
  .superRefine((model, context) => {
    const flat = typeof model.layers === 'number'
    for (const key of flatKeys) {
      if (!flat && model[key] !== undefined)
        context.addIssue({ code: 'custom', path: [key], message: 'stands beside a list of layer groups, which says it for each layer' })
    }
    for (const key of neededFlat) {
      if (flat && model[key] === undefined)
        context.addIssue({ code: 'custom', path: [key], message: 'needed where layers is a number; or give layers as a list of groups' })
    }
  })
export type Model = z.infer<typeof modelSchema>
