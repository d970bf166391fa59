import type { Shards } from '../shards.ts'
import type { LayerInput } from '../time/layer-work.ts'

/**
 * Seconds of arithmetic of one token of a prompt on the devices of one replica: products at a share of the matmul rate, and the
 * attention kernel, which runs in the activations' type whatever the products do, at a share of the peak.
 */
export function promptTokenSeconds({ terms, rates, run }: LayerInput, s: Shards, share: { products: number; attention: number }): number {
  const products = 2 * (terms.activeMatmul - terms.table)
  let pairs = 0
  for (const { attention, count } of terms.kinds) if (attention) pairs += (count * attention.perPair * (run.input_len ?? 0)) / 2
  return (products / (rates.matmul * share.products) + pairs / (rates.peak * share.attention)) / s.model
}
