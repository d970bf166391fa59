import type { DevicePosition } from './hand-laid-ring.ts'
import { type AxisPart, type AxisPlacement, onChipDim } from './placement.ts'
import type { Slice } from './slice.ts'

/**
 * What collectives over a logical axis can use when it lies on (pieces of) physical axes: `pieces` of each, with `stride`
 * chips between neighbours, which is what the logical axes inside it hold of the same physical axis.
 */
export function placementOnTorus(pieces: readonly number[], strides: readonly number[], slice: Slice): AxisPlacement {
  const parts: AxisPart[] = []
  for (const [dim, size] of pieces.entries()) {
    if (size === 1) continue
    const stride = strides[dim]!
    parts.push({ dim, size, stride, ring: slice.wrap[dim] === true && size * stride === slice.dims[dim] })
  }
  return fromParts(parts, slice)
}

function fromParts(parts: readonly AxisPart[], slice: Slice): AxisPlacement {
  const ici = parts.filter((part) => part.dim !== onChipDim)
  const onChip = ici.length < parts.length ? 2 : 1
  let size = onChip as number
  let links = 0
  let hops = 0
  for (const part of ici) {
    size *= part.size
    links += (part.ring ? 2 : 1) / part.stride
    hops += (part.ring ? Math.floor(part.size / 2) : part.size - 1) * part.stride
  }
  return { size, parts, links: links / sharers(slice, onChip), hops, onChip }
}

/** Devices of one chip that use its links at once for groups of their own. */
function sharers(slice: Slice, onChip: 1 | 2): number {
  return slice.devicesPerChip / onChip
}

/**
 * The same for a ring laid by hand and cut into a mesh. Members that fill a box use each of its axes; others go round a ring
 * of their own, and links that several groups cross are shared.
 */
export function placementsOnRing(ring: readonly DevicePosition[], sizes: readonly number[], slice: Slice): AxisPlacement[] {
  let stride = ring.length
  return sizes.map((size) => {
    const outer = stride
    stride /= size
    const groups: DevicePosition[][] = []
    for (let start = 0; start < ring.length; start += outer)
      for (let inner = 0; inner < stride; inner++)
        groups.push(Array.from({ length: size }, (_, member) => ring[start + member * stride + inner]!))
    return onRing(groups, slice)
  })
}

function onRing(groups: readonly (readonly DevicePosition[])[], slice: Slice): AxisPlacement {
  const size = groups[0]!.length
  const chipGroups = groups.map(distinctChips)
  const onChip = chipGroups[0]!.length < size ? 2 : 1
  const boxes = chipGroups.map(boxOf)
  if (boxes.every((box) => box !== null)) {
    const parts = boxes[0]!.flatMap((n, dim) => (n > 1 ? [{ dim, size: n, stride: 1, ring: false }] : []))
    return fromParts(onChip === 2 ? [...parts, { dim: onChipDim, size: 2, stride: 1, ring: false }] : parts, slice)
  }
  const { links, hops } = ringsOf(chipGroups)
  return { size, parts: [], links, hops, onChip }
}

function distinctChips(group: readonly DevicePosition[]): DevicePosition[] {
  return group.filter((device, i) => group.findIndex((other) => sameChip(other, device)) === i)
}

function sameChip(a: DevicePosition, b: DevicePosition): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2]
}

/** The extents of a set of chips that fills a box, or null. */
function boxOf(chips: readonly DevicePosition[]): number[] | null {
  const extents = [0, 1, 2].map((dim) => {
    const along = chips.map((chip) => chip[dim]!)
    return Math.max(...along) - Math.min(...along) + 1
  })
  return extents.reduce((a, b) => a * b, 1) === chips.length ? extents : null
}

/** One-way links a device keeps busy, and the longest way, when every group sends both ways round a ring of its members. */
function ringsOf(groups: readonly (readonly DevicePosition[])[]): { links: number; hops: number } {
  const load = new Map<string, number>()
  let hops = 0
  for (const group of groups) {
    let round = 0
    for (const [i, from] of group.entries()) {
      const to = group[(i + 1) % group.length]!
      round += cross(from, to, load)
      cross(to, from, load)
    }
    hops = Math.max(hops, Math.ceil(round / 2))
  }
  return { links: 2 / Math.max(1, ...load.values()), hops }
}

/** Walks x, then y, then z, counting each directed link crossed; returns the hops. */
function cross(from: DevicePosition, to: DevicePosition, load: Map<string, number>): number {
  const at = [from[0], from[1], from[2]]
  let hops = 0
  for (const dim of [0, 1, 2]) {
    while (at[dim] !== to[dim]) {
      const step = to[dim]! > at[dim]! ? 1 : -1
      const link = `${at.join(',')}:${dim}:${step}`
      load.set(link, (load.get(link) ?? 0) + 1)
      at[dim]! += step
      hops += 1
    }
  }
  return hops
}
