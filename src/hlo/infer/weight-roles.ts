import type { ProgramInput } from './program-inputs.ts'

/** What a weight does in a decoder. */
export type Role =
  | 'embedding'
  | 'logits'
  | 'final_norm'
  | 'norm'
  | 'query'
  | 'key'
  | 'value'
  | 'attention_out'
  | 'gate'
  | 'up'
  | 'down'
  | 'router'
  | 'latent'

/** Names of weights in MaxText, flax, torch's state dicts and our own reference program, by role; the first that fits decides. */
const names: readonly [Role, RegExp][] = [
  ['embedding', /^(token_embedder|embedding|embed_tokens|wte|tok_embeddings|embedder|input_embedding)$/],
  ['logits', /^(logits|logits_dense|lm_head|unembed|output_embedding|output_projection)$/],
  ['final_norm', /^(final_norm|decoder_norm|ln_f|final_layernorm)$/],
  ['norm', /norm|^ln_\d$|layernorm/],
  ['query', /^(query|q_proj|wq|q)$/],
  ['key', /^(key|k_proj|wk|k)$/],
  ['value', /^(value|v_proj|wv|v)$/],
  ['router', /^(router|gate_router|gating)$/],
  ['latent', /^(kv_down|kv_up|query_down|query_up|w?kv_[ab]|w?q_[ab]|kv_[ab]_proj(_with_mqa)?|q_[ab]_proj)$/],
  ['attention_out', /^(out|o_proj|attn_out)$/],
  ['gate', /^(wi_0|expert_wi_0|gate_proj|w1|wi)$/],
  ['up', /^(wi_1|expert_wi_1|up_proj|w3)$/],
  ['down', /^(expert_wo|down_proj|w2)$/],
]

/** A weight of a decoder with its role, and whether it is one of many experts. */
export interface Weight extends ProgramInput {
  role: Role
  /** What its layer, or the layers that are stacked in it, are called (`moe_layers`, `layers.layers_3`); empty outside layers. */
  group: string
  routed: boolean
}

/** The weights whose role their names tell. `wo` and `gate` mean different things beside attention and beside experts. */
export function weightsByRole(inputs: readonly ProgramInput[]): Weight[] {
  const weights: Weight[] = []
  for (const input of inputs) {
    if (input.kind !== 'weight') continue
    const role = roleOf(input)
    if (role === null) continue
    weights.push({ ...input, role, group: groupOf(input.path), routed: isRouted(input, role) })
  }
  return weights
}

/** The path to the innermost layer: `layers.3` in torch's names, `layers.layers_3` for a part of MaxText's pattern. */
function groupOf(path: readonly string[]): string {
  const at = path.findLastIndex((part) => /(^|_)layers?(_|$|\d)|^blocks?$|^h$/.test(part) && !/norm/.test(part))
  if (at < 0) return ''
  return path.slice(0, /^\d+$/.test(path[at + 1] ?? '') ? at + 2 : at + 1).join('.')
}

function roleOf({ path, dims }: ProgramInput): Role | null {
  const own = path.filter((part) => part !== 'kernel' && part !== 'weight' && part !== 'scale' && part !== 'params' && part !== 'state')
  const inAttention = own.some((part) => /attention|attn/i.test(part))
  for (const part of own.toReversed()) {
    if (/^(bias|b)$/.test(part)) return null
    if (part === 'wo') return inAttention ? 'attention_out' : 'down'
    // a router scores each token for each expert; Mixtral's own name for one half of a gated MLP is the same word
    if (part === 'gate') return dims.length <= 3 ? 'router' : 'gate'
    for (const [role, name] of names) if (name.test(part)) return role
  }
  return null
}

/** Only an MLP has experts; attention beside it may lie in the same group of layers. */
function isRouted({ path }: ProgramInput, role: Role): boolean {
  if (role !== 'gate' && role !== 'up' && role !== 'down') return false
  return path.some((part) => /expert|moe/i.test(part)) && !path.some((part) => /shared/i.test(part))
}
