import type { CollectiveOp } from './collective.ts'
import { type Interconnect, type LinkAxis, type LinkLoad, routePermute } from './interconnect.ts'
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

/**
 * The time of a collective by its bytes, group, and the links under the group's axes. Bandwidth terms are those of "How to Scale Your Model"
 * (jax-ml.github.io/scaling-book, Sharded Matrices), with one-way links in place of both-way bandwidth: an all-gather or reduce-scatter of V
 * bytes takes V·(n−1)/n ÷ (links · link bandwidth), an all-reduce twice that, plus a hop's latency times the hops to the farthest member.
 */
export function collectiveCost(op: CollectiveOp, net: Interconnect): CollectiveCost {
  if (op.dcn) return { ms: dcnMs(op, net) + net.dcnUs / 1e3, latencyMs: net.dcnUs / 1e3, axes: ['dcn'], load: null }
  if (op.kind === 'collective-permute') return permuteCost(op, net)
  const spanned = op.group === null ? null : axesOfGroup(op.group, net.axes)
  const names = spanned?.map(({ axis }) => axis) ?? []
  const under = net.axes.filter(({ name }) => names.includes(name))
  // a part of a ring is a line: half the links
  const links = under.reduce(
    (sum, axis) => sum + axis.links * (spanned?.find((s) => s.axis === axis.name)?.whole || axis.links < 2 ? 1 : 0.5),
    0,
  )
  const hops = under.reduce((sum, axis) => sum + axis.hops, 0)
  const n = op.groupSize
  if (n <= 1) return { ms: 0, latencyMs: 0, axes: names, load: null }
  const latencyMs = (hops * net.hopUs) / 1e3
  if (op.kind === 'all-to-all') return { ms: allToAllMs(op, under, links, net) + latencyMs, latencyMs, axes: names, load: null }
  const rate = links > 0 ? links * net.linkGbps : under.length > 0 ? (net.onChipGbps ?? net.linkGbps) : net.linkGbps
  const passes = op.kind === 'all-reduce' ? 2 : 1
  const wireMs = passes * milliseconds((op.bytes * (n - 1)) / n, rate)
  return { ms: wireMs + passes * latencyMs, latencyMs: passes * latencyMs, axes: names, load: null }
}

/**
 * Each device sends a share of its bytes to each other one. On a ring of L the busiest link carries L/8 of a device's bytes, on a line L/4
 * (pairs times distance over links); of several physical axes the longest decides.
 */
function allToAllMs(op: CollectiveOp, under: readonly LinkAxis[], links: number, net: Interconnect): number {
  const parts = under.flatMap((axis) => (axis.parts.length > 0 ? axis.parts : [{ size: axis.size, ring: axis.links >= 2 }]))
  if (links === 0) return milliseconds(op.bytes / 2, net.onChipGbps ?? net.linkGbps)
  let share = 0
  for (const { size, ring } of parts) share = Math.max(share, size / (ring && size > 2 ? 8 : 4))
  return milliseconds(op.bytes * share, net.linkGbps)
}

function permuteCost(op: CollectiveOp, net: Interconnect): CollectiveCost {
  const { axes, shift } = axesOfPairs(op.pairs, net.axes)
  if (net.torus !== null) {
    const load = routePermute(op.pairs, net.torus)
    const wire = milliseconds(op.bytes * load.busiest, net.linkGbps)
    const chip = load.busiestOnChip === 0 ? 0 : milliseconds(op.bytes * load.busiestOnChip, net.onChipGbps ?? net.linkGbps)
    const latencyMs = (load.hops * net.hopUs) / 1e3
    return { ms: Math.max(wire, chip) + latencyMs, latencyMs, axes, load }
  }
  const distance = shift === null ? 1 : Math.min(shift.by, shift.size - shift.by)
  const latencyMs = (distance * net.hopUs) / 1e3
  return { ms: milliseconds(op.bytes * distance, net.linkGbps) + latencyMs, latencyMs, axes, load: null }
}

/** What leaves this device for other slices: its own part once to each, or twice the reduced part. */
function dcnMs(op: CollectiveOp, net: Interconnect): number {
  const n = op.groupSize
  const passes = op.kind === 'all-reduce' ? 2 : 1
  return passes * milliseconds((op.bytes * (n - 1)) / n, net.dcnGbps)
}

function milliseconds(bytes: number, gbps: number): number {
  return bytes / (gbps * 1e6)
}
