import { type Collective, collectiveSeconds, slicesSeconds } from '../interconnect/collective-seconds.ts'
import type { CollectiveOp } from './collective.ts'
import { type Interconnect, type LinkLoad, placementOfGroup, routePermute } from './interconnect.ts'
import { axesOfGroup, axesOfPairs } from './mesh-axes.ts'

/** How long a collective occupies which links. */
export interface CollectiveCost {
  /** From its start to its end. */
  ms: number
  /** The part of it that keeps no link busy. */
  latencyMs: number
  /** Mesh axes it runs over, `dcn` between slices; empty when its groups are no part of the mesh. */
  axes: string[]
  /** The links of a permute, for those that may run beside each other; null: all links of the axes. */
  load: LinkLoad | null
}

/** The time of a collective by its bytes, its group, and the links under the group: the law of `interconnect`. */
export function collectiveCost(op: CollectiveOp, net: Interconnect): CollectiveCost {
  // a broadcast brings every device the whole array, as an all-gather does
  const kind: Collective = op.kind === 'collective-permute' || op.kind === 'broadcast' ? 'all-gather' : op.kind
  if (op.dcn) return costOf(slicesSeconds(kind, op.bytes, op.groupSize, net.rates), ['dcn'])
  if (op.kind === 'collective-permute') return permuteCost(op, net)
  const spanned = op.group === null ? null : axesOfGroup(op.group, net.axes)
  const axes = spanned?.map(({ axis }) => axis) ?? []
  if (op.groupSize <= 1) return { ms: 0, latencyMs: 0, axes, load: null }
  const over = placementOfGroup(spanned, net)
  if (over) return costOf(collectiveSeconds(kind, op.bytes, over, net.rates), axes)
  // a group that is no part of the mesh: one link into each device
  const passes = kind === 'all-reduce' ? 2 : 1
  return costOf({ wire: (passes * op.bytes * (op.groupSize - 1)) / op.groupSize / net.rates.link, latency: 0 }, axes)
}

function costOf({ wire, latency }: { wire: number; latency: number }, axes: string[]): CollectiveCost {
  return { ms: (wire + latency) * 1e3, latencyMs: latency * 1e3, axes, load: null }
}

function permuteCost(op: CollectiveOp, net: Interconnect): CollectiveCost {
  const { link, onChip, hop } = net.rates
  const { axes, shift } = axesOfPairs(op.pairs, net.axes)
  if (net.torus !== null) {
    const load = routePermute(op.pairs, net.torus)
    const wire = Math.max((op.bytes * load.busiest) / link, (op.bytes * load.busiestOnChip) / onChip)
    return { ...costOf({ wire, latency: load.hops * hop }, axes), load }
  }
  const distance = shift === null ? 1 : Math.min(shift.by, shift.size - shift.by)
  return costOf({ wire: (op.bytes * distance) / link, latency: distance * hop }, axes)
}
