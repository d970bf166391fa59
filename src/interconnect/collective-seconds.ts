import type { AxisPlacement } from './placement.ts'

/** What the links of a slice and the network between slices carry for one JAX device; bytes a second, one way, and seconds. */
export interface LinkRates {
  link: number
  /** Between the two devices of one chip; what a link carries on chips with one device. */
  onChip: number
  /** From one device to other slices. */
  dcn: number
  /** Latency of one hop between chips. */
  hop: number
  /** Setting up one exchange between slices. */
  dcnStart: number
}

export type Collective = 'all-gather' | 'reduce-scatter' | 'all-reduce' | 'all-to-all'

/** Seconds of a collective: those that keep its links busy, and the latency beside them. */
export interface CollectiveSeconds {
  wire: number
  latency: number
}

/**
 * The one law for the seconds of a collective inside a slice. `bytes` are the whole gathered, reduced or scattered array; of an
 * all-to-all, what one device holds. "How to Scale Your Model" (jax-ml.github.io/scaling-book, Sharded Matrices), with one-way
 * links in place of both-way bandwidth: an all-gather or reduce-scatter of V bytes over n chips takes V·(n−1)/n ÷ (links · rate),
 * an all-reduce twice that; an all-to-all what its busiest link carries. The two devices of a chip exchange their halves beside
 * that; a hop's latency times the hops to the farthest member comes on top.
 */
export function collectiveSeconds(kind: Collective, bytes: number, over: AxisPlacement, rates: LinkRates): CollectiveSeconds {
  const chips = over.size / over.onChip
  const between = over.onChip === 2 ? bytes / 2 / rates.onChip : 0
  // a group inside one chip still waits for a hop
  const latency = Math.max(1, over.hops) * rates.hop
  if (kind === 'all-to-all') return { wire: Math.max((bytes * over.exchange) / rates.link, between), latency }
  const outside = chips > 1 ? (bytes * (chips - 1)) / chips / (over.links * rates.link) : 0
  const passes = kind === 'all-reduce' ? 2 : 1
  return { wire: passes * Math.max(outside, between), latency: passes * latency }
}

/**
 * The seconds of a collective between slices: every device carries its share of its slice's part, (n−1)/n of it over n slices, an
 * all-reduce twice; a ring of n slices starts n−1 exchanges. `bytes` are one device's part; of an all-to-all, what it holds.
 */
export function slicesSeconds(kind: Collective, bytes: number, slices: number, rates: LinkRates): CollectiveSeconds {
  if (slices <= 1) return { wire: 0, latency: 0 }
  const passes = kind === 'all-reduce' ? 2 : 1
  return { wire: (passes * ((bytes * (slices - 1)) / slices)) / rates.dcn, latency: passes * (slices - 1) * rates.dcnStart }
}
