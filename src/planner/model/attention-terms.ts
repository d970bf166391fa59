import type { Attention } from '../../contract/model.ts'
import { linearTerms } from './linear-attention.ts'

/** Counts of one attention layer that do not depend on the mesh. Elements a layer, or a layer and token; not bytes. */
export interface AttentionTerms {
  kind: Attention['kind']
  /** KV heads that the model axis cuts; 0 where there are none (a latent, a state). */
  kvHeads: number
  /** Weights by what cuts them: the heads, the KV heads, nothing on the model axis. */
  byHeads: number
  byKvHeads: number
  whole: number
  /** Widths of what a token makes: queries (with an output gate), keys and values together, the kernel's output. */
  query: number
  keyValue: number
  context: number
  /** The keys' part of keyValue. */
  key: number
  /** Query heads, whose row sums the flash kernel keeps; 0 where there is no softmax. */
  rows: number
  /** Low-rank latents that come before queries, and before keys and values; 0 without. */
  queryLatent: number
  kvLatent: number
  /** The part of the KV latent that heads are made from, and the width that they make of it. */
  kvRank: number
  kvMade: number
  /** FLOPs forward of one query-key pair, and of one while decoding against the cache (MLA absorbs its projections). */
  perPair: number
  perCachedPair: number
  /** FLOPs a token of a recurrence, forward. */
  perToken: number
  /** Tokens that one can see: null for all; of a chunk those before it in its chunk. */
  span: number | null
  chunked: boolean
  /** Elements of the cache a token: cut with the KV heads, and whole on every device of the model axis. */
  cacheByKvHeads: number
  cacheWhole: number
  /** Bytes of a state a sequence, which does not grow. */
  stateBytes: number
}

export function attentionTerms(attention: Attention, embed: number): AttentionTerms {
  if (attention.kind === 'mla') return latentTerms(attention, embed)
  if (attention.kind === 'linear') {
    const linear = linearTerms(attention, embed)
    return {
      ...none,
      kind: 'linear',
      byHeads: embed * (linear.input + linear.output) + linear.small,
      query: linear.input,
      context: linear.output,
      perToken: linear.flops,
      stateBytes: 4 * linear.state + 2 * linear.window,
    }
  }
  const { heads, kv_heads: kvHeads, head_dim: headDim, v_head_dim: valueDim = headDim } = attention
  const query = heads * headDim * (attention.output_gate ? 2 : 1)
  const keyValue = attention.shares_kv ? 0 : kvHeads * (headDim + valueDim)
  return {
    ...none,
    kind: attention.kind,
    kvHeads,
    byHeads: embed * (query + heads * valueDim),
    byKvHeads: embed * keyValue,
    query,
    keyValue,
    context: heads * valueDim,
    key: attention.shares_kv ? 0 : kvHeads * headDim,
    rows: heads,
    perPair: 2 * heads * (headDim + valueDim),
    perCachedPair: 2 * heads * (headDim + valueDim),
    span: attention.kind === 'full' ? null : (attention.window ?? null),
    chunked: attention.kind === 'chunked',
    cacheByKvHeads: keyValue,
  }
}

/**
 * DeepSeek-AI, DeepSeek-V2 (2024), section 2.1. The latents are whole on every device; heads are cut where they are made from
 * them.
 */
function latentTerms(attention: Attention & { kind: 'mla' }, embed: number): AttentionTerms {
  const { heads, kv_lora_rank: rank, qk_rope_head_dim: rope, qk_nope_head_dim: nope, v_head_dim: valueDim } = attention
  const queryRank = attention.q_lora_rank ?? 0
  const query = heads * (nope + rope)
  return {
    ...none,
    kind: 'mla',
    byHeads: (queryRank || embed) * query + rank * heads * (nope + valueDim) + heads * valueDim * embed,
    whole: embed * (queryRank + rank + rope),
    query,
    keyValue: heads * (nope + rope + valueDim),
    context: heads * valueDim,
    key: query,
    rows: heads,
    queryLatent: queryRank,
    kvLatent: rank + rope,
    kvRank: rank,
    kvMade: heads * (nope + valueDim),
    perPair: 2 * heads * (nope + rope + valueDim),
    perCachedPair: 2 * heads * (rank + rope + rank),
    cacheWhole: rank + rope,
  }
}

const none: AttentionTerms = {
  kind: 'full',
  kvHeads: 0,
  byHeads: 0,
  byKvHeads: 0,
  whole: 0,
  query: 0,
  keyValue: 0,
  context: 0,
  key: 0,
  rows: 0,
  queryLatent: 0,
  kvLatent: 0,
  kvRank: 0,
  kvMade: 0,
  perPair: 0,
  perCachedPair: 0,
  perToken: 0,
  span: null,
  chunked: false,
  cacheByKvHeads: 0,
  cacheWhole: 0,
  stateBytes: 0,
}

/** Query-key pairs of one sequence that a causal mask lets through, within a window or a chunk where there is one. */
export function causalPairs({ span, chunked }: Pick<AttentionTerms, 'span' | 'chunked'>, length: number): number {
  const seen = Math.min(span ?? length, length)
  if (!chunked) return seen * length - (seen * (seen - 1)) / 2
  const rest = length % seen
  return ((length - rest) / seen) * (seen * (seen + 1) * 0.5) + (rest * (rest + 1)) / 2
}

/** Cached tokens that one new token attends to, behind a context of `length`. */
export function visibleTokens({ span }: Pick<AttentionTerms, 'span'>, length: number): number {
  return Math.min(span ?? length, length)
}
