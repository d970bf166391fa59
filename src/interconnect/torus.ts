import type { Axis } from '../contract/mesh.ts'
import { placementOfParts, placementOfRing } from './group-links.ts'
import type { DevicePosition } from './hand-laid-ring.ts'
import { axisIndex, axisPlaces, type MeshTuple } from './mesh-tuple.ts'
import { type AxisPart, type AxisPlacement, onChipDim } from './placement.ts'
import { type LinkCounts, route } from './routing.ts'
import type { Slice } from './slice.ts'

/**
 * What collectives over a logical axis can use when it lies on (pieces of) physical axes: `pieces` of each, with `stride`
 * chips between neighbours, which is what the logical axes inside it hold of the same physical axis.
 */
export function placementOnTorus(pieces: readonly number[], strides: readonly number[], slice: Slice): AxisPlacement {
  const parts: AxisPart[] = []
  for (const [dim, size] of pieces.entries()) {
    if (size === 1) continue
    const stride = strides[dim] ?? 1
    parts.push({ dim, size, stride, ring: slice.wrap[dim] === true && size * stride === slice.dims[dim] })
  }
  return placementOfParts(parts, slice.devicesPerChip)
}

/**
 * The same for some axes together of a mesh that is cut from a ring laid by hand, given as its devices in the mesh's order.
 * Members that fill a box use each of its axes; others go round a ring of their own, and links that several groups cross are
 * shared.
 */
export function placementOnRing(ring: readonly DevicePosition[], tuple: MeshTuple, over: readonly Axis[], slice: Slice): AxisPlacement {
  const groups = groupsOver(ring, tuple, over)
  const chipGroups = groups.map(distinctChips)
  const [first = [], ...others] = chipGroups
  const size = groups[0]?.length ?? 1
  const onChip = first.length < size ? 2 : 1
  const box = boxOf(first)
  if (box && others.every((chips) => boxOf(chips) !== null)) {
    const parts = box.flatMap((n, dim) => (n > 1 ? [{ dim, size: n, stride: 1, ring: false }] : []))
    return placementOfParts(onChip === 2 ? [...parts, { dim: onChipDim, size: 2, stride: 1, ring: false }] : parts, slice.devicesPerChip)
  }
  return placementOfRing({ size, onChip, ...ringsOf(chipGroups, slice) })
}

/** The devices of a mesh by the groups that some of its axes make; the mesh is row-major. */
function groupsOver(devices: readonly DevicePosition[], tuple: MeshTuple, over: readonly Axis[]): DevicePosition[][] {
  const together = over.map((axis) => axisIndex[axis])
  const groups = new Map<number, DevicePosition[]>()
  for (const [i, device] of devices.entries()) {
    let rest = i
    let below = 1
    let key = 0
    for (const place of axisPlaces.toReversed()) {
      const at = rest % tuple[place]
      rest = Math.floor(rest / tuple[place])
      if (!together.includes(place)) key += at * below
      below *= tuple[place]
    }
    const group = groups.get(key)
    if (group) group.push(device)
    else groups.set(key, [device])
  }
  return [...groups.values()]
}

function distinctChips(group: readonly DevicePosition[]): DevicePosition[] {
  return group.filter((device, i) => group.findIndex((other) => sameChip(other, device)) === i)
}

function sameChip(a: DevicePosition, b: DevicePosition): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2]
}

/** The extents of a set of chips that fills a box, or null. */
function boxOf(chips: readonly DevicePosition[]): number[] | null {
  const extents = ([0, 1, 2] as const).map((dim) => {
    const along = chips.map((chip) => chip[dim])
    return Math.max(...along) - Math.min(...along) + 1
  })
  return extents.reduce((a, b) => a * b, 1) === chips.length ? extents : null
}

/** One-way links a device keeps busy, and the longest way, when every group sends both ways round a ring of its members. */
function ringsOf(groups: readonly (readonly DevicePosition[])[], slice: Slice): { links: number; hops: number } {
  const load: LinkCounts = new Map()
  let hops = 0
  for (const group of groups) {
    let round = 0
    for (const [i, from] of group.entries()) {
      const to = group[(i + 1) % group.length] ?? from
      round += route(from, to, slice, load)
      route(to, from, slice, load)
    }
    hops = Math.max(hops, Math.ceil(round / 2))
  }
  return { links: 2 / Math.max(1, ...load.values()), hops }
}
