import type { Attention, LayerGroup, Mlp } from '../../../src/contract/model.ts'

/** Lists of layer groups of every kind that the compiler program knows, the same ones in every run. Sizes are multiples of 64. */
export function randomGroups(count: number): LayerGroup[][] {
  const random = generator(7)
  const below = (limit: number) => Math.floor(random() * limit)
  const oneOf = <T>(choices: readonly T[]): T => choices[below(choices.length)]!
  const size = () => 64 * (1 + below(8))
  const plain = (): Attention => ({
    kind: 'full',
    heads: 8,
    kv_heads: oneOf([1, 4, 8]),
    head_dim: size(),
    ...oneOf([{}, { v_head_dim: size() }]),
    ...oneOf([{}, { kind: 'window' as const, window: 128 }, { kind: 'chunked' as const, window: 256 }]),
  })
  const attention = (): Attention => {
    if (random() < 0.2) return { kind: 'full', heads: 8, kv_heads: 4, head_dim: size(), output_gate: true }
    if (random() < 0.5) return plain()
    const dims = { kv_lora_rank: size(), qk_nope_head_dim: size(), qk_rope_head_dim: 64, v_head_dim: size() }
    return { kind: 'mla', heads: 8, ...dims, ...oneOf([{}, { q_lora_rank: size() }]) }
  }
  const mlp = (): Mlp => {
    const gated = random() < 0.7
    if (random() < 0.5) return { kind: 'dense', width: size(), gated }
    return { kind: 'moe', experts: 8, experts_per_token: 2, width: size(), gated, ...oneOf([{}, { shared_width: size() }]) }
  }
  const layer = () => {
    const part = random()
    return { attention: part < 0.1 ? null : attention(), mlp: part > 0.9 ? null : mlp() }
  }
  const group = (): LayerGroup => ({ repeat: 1 + below(3), layers: Array.from({ length: 1 + below(3) }, layer) })
  return Array.from({ length: count }, () => Array.from({ length: 1 + below(3) }, group))
}

/** Numbers in [0, 1) of a linear congruential generator. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
}
