import type { RematPolicy, RematTensor } from '../remat-policy.ts'

/** How many times each part of a layer is computed in a step, counted in forward passes. */
export interface Passes {
  qkv: number
  attention: number
  out: number
  /** The MLP's input projections. */
  wi: number
  wo: number
  /** Routing, dispatch and experts, whose tensors no named policy keeps. */
  expertsIn: number
  expertsOut: number
  /** Gathers of a layer's weights, and reductions of their gradients. */
  gathers: number
  reductions: number
  /** Gathers and scatters of activations over the model axis. */
  activations: number
  /** Gathers of keys and values over the seq axis, and scatters of their gradients. */
  keys: number
  /** Exchanges of routed rows over the expert axis. */
  exchanges: number
  elementwise: number
}

/**
 * Training: forward, twice that backward, and once more what the policy did not keep. The output of the second MLP product is
 * read by no backward computation, so it is never computed again.
 */
export function trainPasses(policy: RematPolicy, attentionBackward: number): Passes {
  // a product is spared where the policy keeps all that it makes
  const again = (...made: RematTensor[]) => (made.every((tensor) => policy.tensors[tensor] > 0) ? 0 : 1)
  const projections = Math.min(again('query_proj', 'key_proj', 'value_proj'), again('qkv_proj'))
  const recompute = policy.saveAll ? 0 : 1
  return {
    qkv: 3 + projections,
    attention: 1 + attentionBackward + again('context'),
    out: 3 + again('out_proj'),
    wi: 3 + Math.min(again('mlpwi_0', 'mlpwi_1'), again('mlpwi')),
    wo: 3,
    expertsIn: 3 + recompute,
    expertsOut: 3,
    gathers: 2,
    reductions: 1,
    // forward: gather, scatter around attention and around the MLP; backward the same; and the gathers again where x was not kept
    activations: 8 + (policy.saveAll ? 0 : 2 + again('out_proj')),
    keys: 2 + recompute,
    exchanges: 5 + recompute,
    elementwise: 1,
  }
}

export const forwardPasses: Passes = {
  qkv: 1,
  attention: 1,
  out: 1,
  wi: 1,
  wo: 1,
  expertsIn: 1,
  expertsOut: 1,
  gathers: 1,
  reductions: 0,
  activations: 4,
  keys: 1,
  exchanges: 2,
  elementwise: 0.25,
}
