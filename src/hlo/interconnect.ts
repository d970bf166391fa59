import type { LinkRates } from '../interconnect/collective-seconds.ts'
import { placementOfParts, placementOfRing } from '../interconnect/group-links.ts'
import { partOfAxis } from '../interconnect/part-of-axis.ts'
import type { AxisPlacement } from '../interconnect/placement.ts'
import { isOnChip, type LinkCounts, route, type Torus } from '../interconnect/routing.ts'
import type { SpannedAxis } from './mesh-axes.ts'

/** One axis of the device mesh and where it lies on the slice. */
export interface LinkAxis {
  name: string
  size: number
  placement: AxisPlacement
}

/** How the devices of a module are joined. A caller builds it from the chip's figures and where the mesh lies on the slice. */
export interface Interconnect {
  /** The axes in mesh order (major first), of one slice; the product is the devices of a slice. */
  axes: readonly LinkAxis[]
  /** What whole axes together can use. */
  over: (names: readonly string[]) => AxisPlacement | null
  rates: LinkRates
  devicesPerChip: 1 | 2
  /** Physical coordinates (x, y, z, core) of each device in mesh order, and the torus, to route permutes; null: by axis alone. */
  torus: (Torus & { positions: readonly (readonly number[])[] }) | null
}

/** What a group can use that spans whole axes or parts of them; null for a group that is no part of the mesh. */
export function placementOfGroup(spanned: readonly SpannedAxis[] | null, net: Interconnect): AxisPlacement | null {
  if (spanned === null || spanned.length === 0) return null
  if (spanned.every(({ whole }) => whole)) return net.over(spanned.map(({ axis }) => axis))
  const parts = []
  for (const { axis, size, stride, whole } of spanned) {
    const placement = net.axes.find(({ name }) => name === axis)?.placement
    if (!placement) return null
    const own = whole && placement.parts.length > 0 ? placement.parts : partOfAxis(placement, size, stride)
    // a part of a ring that is laid by hand is a line: one way round
    if (own === null) return placementOfRing({ size, links: placement.links / 2, hops: Math.min(size - 1, placement.hops), onChip: 1 })
    parts.push(...own)
  }
  return placementOfParts(parts, net.devicesPerChip)
}

/** Directed links that the messages of a permute cross, with how many cross each. */
export interface LinkLoad {
  links: LinkCounts
  /** The most messages over one link between chips, and over one link inside a chip. */
  busiest: number
  busiestOnChip: number
  hops: number
}

/** Routes every message of a permute. */
export function routePermute(pairs: readonly (readonly [number, number])[], torus: NonNullable<Interconnect['torus']>): LinkLoad {
  const links: LinkCounts = new Map()
  let hops = 0
  for (const [source, target] of pairs) {
    const from = torus.positions[source]
    const to = torus.positions[target]
    if (from && to) hops = Math.max(hops, route(from, to, torus, links))
  }
  let busiest = 0
  let busiestOnChip = 0
  for (const [link, count] of links) {
    if (isOnChip(link)) busiestOnChip = Math.max(busiestOnChip, count)
    else busiest = Math.max(busiest, count)
  }
  return { links, busiest, busiestOnChip, hops }
}
