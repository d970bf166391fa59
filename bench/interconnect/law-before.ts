/** The law before: what the planner took for the seconds of a collective until it shared one law with the replay. */
import type { Collective, CollectiveSeconds, LinkRates } from '../../src/interconnect/collective-seconds.ts'
import type { AxisPlacement } from '../../src/interconnect/placement.ts'

export { slicesSeconds } from '../../src/interconnect/collective-seconds.ts'

/**
 * All links of a group as one pipe: an all-gather or reduce-scatter of V bytes over n devices takes V·(n−1)/n ÷ their bandwidth,
 * an all-reduce twice that, an all-to-all a quarter of an all-gather of everybody's bytes (the scaling book's figure for one even
 * ring, taken for any group). A group inside one chip moves over the link between its devices.
 */
export function collectiveSeconds(kind: Collective, bytes: number, over: AxisPlacement, rates: LinkRates): CollectiveSeconds {
  const bandwidth = over.links > 0 ? over.links * rates.link : rates.onChip
  const latency = Math.max(1, over.hops) * rates.hop
  if (kind === 'all-to-all') return { wire: (over.size * bytes) / (4 * bandwidth), latency }
  const passes = kind === 'all-reduce' ? 2 : 1
  return { wire: (passes * ((bytes * (over.size - 1)) / over.size)) / bandwidth, latency: passes * latency }
}
