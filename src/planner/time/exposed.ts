import type { CostModel } from '../cost-model.ts'
import type { LayerTraffic } from './layer-traffic.ts'

/** Seconds of collectives during which nothing computes, by what they move. */
export type Exposed = LayerTraffic

/** The share of each kind of collective that hides behind compute, as far as there is compute to hide behind. */
export type Overlaps = Readonly<LayerTraffic>

/** `ring`: the members of the model axis. */
export function overlapsOf(c: CostModel['time'], { asyncGathers, ring }: { asyncGathers: boolean; ring: number }): Overlaps {
  // asynchronous gathers hide a part of what would stay exposed
  const gathers = (hidden: number) => (asyncGathers ? 1 - (1 - hidden) * (1 - c.overlap_async) : hidden)
  return {
    weights: gathers(c.overlap_weights),
    // a product moves its activations in a ring's chunks; the first and the last have nothing beside them
    activations: c.overlap_activations * (1 - 1 / ring),
    keys: c.overlap_keys,
    expertWeights: gathers(c.overlap_expert_weights),
    experts: c.overlap_experts,
    gradients: c.overlap_gradients,
    dcn: c.overlap_dcn,
  }
}

/** What stays exposed of collectives that happen `times` times beside `busy` seconds of compute. */
export function exposedOf(traffic: LayerTraffic, overlaps: Overlaps, times: number, busy: number): Exposed {
  const { weights, activations, keys, expertWeights, experts, gradients, dcn } = overlaps
  const wanted =
    weights * traffic.weights +
    activations * traffic.activations +
    keys * traffic.keys +
    expertWeights * traffic.expertWeights +
    experts * traffic.experts +
    gradients * traffic.gradients +
    dcn * traffic.dcn
  // where there is too little compute, all hide less
  const room = wanted * times > busy ? busy / (wanted * times) : 1
  return {
    weights: times * traffic.weights * (1 - weights * room),
    activations: times * traffic.activations * (1 - activations * room),
    keys: times * traffic.keys * (1 - keys * room),
    expertWeights: times * traffic.expertWeights * (1 - expertWeights * room),
    experts: times * traffic.experts * (1 - experts * room),
    gradients: times * traffic.gradients * (1 - gradients * room),
    dcn: times * traffic.dcn * (1 - dcn * room),
  }
}

/** The seconds of all kinds together. */
export function sumOf({ weights, activations, keys, expertWeights, experts, gradients, dcn }: LayerTraffic): number {
  return weights + activations + keys + expertWeights + experts + gradients + dcn
}
