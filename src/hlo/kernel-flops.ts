import { backendConfig } from './backend-config.ts'
import { operandsOf } from './graph.ts'
import type { HloComputation, HloInstruction } from './types.ts'

/** What a custom kernel computes. `headDim` is the short side of its matmuls. */
export interface KernelFlops {
  flops: number
  headDim: number
  from: 'shapes' | 'cost_estimate'
}

/**
 * FLOPs of a Pallas kernel. Attention kernels (flash, splash) are known by name: q·kᵀ and p·v forward, four products for dk and
 * dv, three for dq (Dao, FlashAttention-2, section 3), less what a causal mask hides: with q queries and k keys the last shard of
 * a sequence split without balancing, for which the others wait, sees 1 − q/2k of the pairs; half where nothing is split, or
 * where every device has chunks from both ends (`balanced`, as MaxText's context parallelism). Any other kernel counts as its own
 * cost estimate says; null without one.
 */
export function kernelFlops(computation: HloComputation, call: HloInstruction, balanced: boolean): KernelFlops | null {
  if (call.customCallTarget !== 'tpu_custom_call') return null
  const attention = /flash|splash|mha|attention/i.test(call.name) ? attentionFlops(computation, call, balanced) : null
  if (attention) return attention
  const cost = backendConfig(call).costEstimate
  return cost === null || cost.flops <= 0 ? null : { flops: cost.flops, headDim: Number.POSITIVE_INFINITY, from: 'cost_estimate' }
}

function attentionFlops(computation: HloComputation, call: HloInstruction, balanced: boolean): KernelFlops | null {
  const tensors = operandsOf(computation, call)
    .map(({ shape }) => shape)
    .filter((shape) => /^(bf16|f32|f16|f8)/.test(shape.type) && shape.dims.length >= 3)
  const [query, key] = tensors
  if (!query || !key) return null
  const headDim = query.dims.at(-1)!
  const queries = query.dims.at(-2)!
  const keys = key.dims.at(-2)!
  let heads = 1
  for (const dim of query.dims.slice(0, -2)) heads *= dim
  const name = call.name.toLowerCase()
  const products = /dkv/.test(name) ? 4 : /dq/.test(name) ? 3 : 2
  const causal = balanced ? 1 / 2 : 1 - Math.min(queries, keys) / (2 * keys)
  return { flops: 2 * products * heads * queries * keys * headDim * causal, headDim, from: 'shapes' }
}
