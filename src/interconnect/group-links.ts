import { type AxisPart, type AxisPlacement, onChipDim } from './placement.ts'

/**
 * What a group that fills pieces of physical axes can use. Pieces of different physical axes work at the same time, as far as
 * none of them is so slow that what lies beyond it decides; pieces of one physical axis share its links, so a collective takes
 * them one after the other.
 *
 * All-gather: on a ring every device receives over two links, on a line its end over one (the scaling book, Sharded Matrices);
 * `stride` groups that interleave share them. All-to-all: pairs times distance over links, so the busiest link of a ring of n
 * carries n/8 of a device's bytes and that of a line n/4, which is what crosses its middle; of several physical axes the busiest
 * decides.
 */
export function placementOfParts(parts: readonly AxisPart[], devicesPerChip: 1 | 2): AxisPlacement {
  const merged = mergeParts(parts)
  const onChip = merged.some(({ dim }) => dim === onChipDim) ? 2 : 1
  let chips = 1
  let links = 0
  let slowest = 0
  let exchange = 0
  let hops = 0
  for (const dim of [0, 1, 2]) {
    const along = merged.filter((part) => part.dim === dim)
    if (along.length === 0) continue
    let members = 1
    let gathering = 0
    let carried = 0
    // from the outermost piece in: what is gathered so far goes on over the next piece
    for (const part of along) {
      members *= part.size
      gathering = gathering / part.size + (part.size - 1) / part.size / linksOf(part)
      carried += carriedBy(part)
      hops += (part.ring ? Math.floor(part.size / 2) : part.size - 1) * part.stride
    }
    chips *= members
    links += (members - 1) / members / gathering
    slowest = Math.max(slowest, gathering * members)
    exchange = Math.max(exchange, carried)
  }
  // what lies beyond one physical axis comes over its links alone, at best through all chips of the group that stand side by side
  // there
  if (chips > 1) links = Math.min(links, (chips - 1) / slowest)
  // the devices of a chip that are in groups of their own share its links; in an all-to-all a chip sends for all its devices
  // either way
  return {
    size: chips * onChip,
    parts: merged,
    links: (links * onChip) / devicesPerChip,
    exchange: exchange * devicesPerChip,
    hops,
    onChip,
  }
}

/** What a group can use that goes round a ring of its own whose busiest link carries the messages of `1 / share` groups. */
export function placementOfRing(ring: { size: number; links: number; hops: number; onChip: 1 | 2 }): AxisPlacement {
  const { size, links, hops, onChip } = ring
  return { size, parts: [], links, exchange: size / (4 * links), hops, onChip }
}

/**
 * The same group where a collective goes round one ring at a time, as products that are looped over their shards do: of several
 * physical axes only the one with the most links is of use.
 */
export function onOneAxis(group: AxisPlacement): AxisPlacement {
  const rates = group.parts.filter(({ dim }) => dim !== onChipDim).map(linksOf)
  if (rates.length < 2) return group
  const all = rates.reduce((sum, rate) => sum + rate, 0)
  return { ...group, links: Math.min(group.links, (group.links * Math.max(...rates)) / all) }
}

function linksOf({ ring, stride }: AxisPart): number {
  return (ring ? 2 : 1) / stride
}

/**
 * Of a device's bytes in an all-to-all, what the busiest link of a piece carries; the odd members of odd pieces stay out of the
 * middle.
 */
function carriedBy({ size, stride, ring }: AxisPart): number {
  const even = size % 2 === 0 ? size : size - 1 / size
  // both ways round two neighbours are one link; round two distant ones they are not
  const closed = ring && (size > 2 || stride > 1)
  return (stride * even) / (closed ? 8 : 4)
}

/** Pieces of one physical axis that continue each other are one piece; inside an axis the outer piece comes first. */
function mergeParts(parts: readonly AxisPart[]): AxisPart[] {
  const merged: AxisPart[] = []
  for (const part of [...parts].sort((a, b) => a.dim - b.dim || b.stride - a.stride)) {
    const outer = merged.at(-1)
    if (outer && outer.dim === part.dim && part.dim !== onChipDim && outer.stride === part.stride * part.size)
      merged[merged.length - 1] = { dim: part.dim, size: outer.size * part.size, stride: part.stride, ring: outer.ring }
    else merged.push(part)
  }
  return merged
}
