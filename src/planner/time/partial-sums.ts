import type { WindowedGathers } from '../compiler-flags.ts'
import { keyValueShards, type Shards } from '../shards.ts'
import type { LayerInput } from './layer-work.ts'

/** A sum is read twice (itself, the new part) and written once, in f32. */
const bytesAnElement = 3 * 4

/**
 * One microbatch: its tokens on a device, and the seconds of the products, and of the gathers and reductions of their weights.
 */
export interface PartialSums {
  s: Shards
  tokens: number
  products: number
  weights: number
}

/**
 * HBM bytes of the partial sums of one microbatch. Where gathers of weights are slow beside the products they feed, the compiler
 * turns gather and product into a loop over shards (Wang et al., Overlap Communication with Dependent Computation via
 * Decomposition): the gather hides, but every iteration reads and writes a sum of the output's size. Seen in the schedules of
 * bench/compiler: on rings of some sizes only, a product of the projections forward and of those whose inputs' gradients are
 * contracted backward.
 */
export function partialSumBytes(
  { terms, windowed, constants: c }: LayerInput & { windowed: WindowedGathers },
  { s, tokens, products, weights }: PartialSums,
): number {
  if (windowed === 'never') return 0
  const looped = loopedShare(s.weights, windowed === 'always' ? 1 : weights / products, c)
  if (looped === 0) return 0
  let widths = 0
  for (const { attention, mlp, count } of terms.kinds) {
    if (attention) widths += count * ((attention.query + attention.context) / s.model + attention.keyValue / keyValueShards(s, attention))
    if (mlp) widths += (count * (mlp.inputs + 1) * mlp.width) / s.model
  }
  const iterations = s.weights / c.windowed_shards_an_iteration
  return looped * c.partial_sums * bytesAnElement * iterations * tokens * (widths / s.stage)
}

/** The compiler decides product by product: about the share where it begins, some of them are looped. */
function loopedShare(ring: number, share: number, c: LayerInput['constants']): number {
  if (ring < c.windowed_fewest_shards || ring > c.windowed_most_shards) return 0
  return Math.min(1, Math.max(0, share / c.windowed_gather_share - 0.5))
}
