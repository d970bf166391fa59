import type { AxisPart, AxisPlacement } from './placement.ts'

/**
 * The pieces of physical axes under a part of a logical axis: `size` members, every `stride` positions along it. The last piece
 * of an axis is its minor one. Null where the axis has no pieces (a ring laid by hand) or the part is no box of them.
 */
export function partOfAxis({ parts }: AxisPlacement, size: number, stride: number): AxisPart[] | null {
  const found: AxisPart[] = []
  let wanted = size
  let skip = stride
  for (const part of parts.toReversed()) {
    if (skip % part.size === 0) {
      skip /= part.size
      continue
    }
    if (part.size % skip !== 0) return null
    const left = part.size / skip
    const members = Math.min(wanted, left)
    if (wanted % members !== 0 || left % members !== 0) return null
    if (members > 1)
      found.unshift({ dim: part.dim, size: members, stride: part.stride * skip, ring: part.ring && members * skip === part.size })
    wanted /= members
    skip = 1
    if (wanted === 1) break
  }
  return wanted === 1 ? found : null
}
