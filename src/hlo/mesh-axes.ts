/** A named axis of the device mesh, in mesh order (major first). With several slices the axis over slices comes as its own entry. */
export interface NamedAxis {
  name: string
  size: number
}

/** The part of an axis that a group spans: all of it, or `size` of it every `stride` positions. */
export interface SpannedAxis {
  axis: string
  /** Members along the axis. */
  size: number
  /** Distance between neighbours along the axis, in positions. */
  stride: number
  whole: boolean
}

/**
 * Which axes of the mesh a group of devices spans. Devices are numbered by their place in the mesh, row-major. Null when the group is not a
 * box of the mesh: then it is no collective over axes.
 */
export function axesOfGroup(group: readonly number[], mesh: readonly NamedAxis[]): SpannedAxis[] | null {
  const spanned: SpannedAxis[] = []
  let product = 1
  let below = 1
  for (const axis of mesh.toReversed()) {
    const places = new Set<number>()
    for (const device of group) places.add(Math.floor(device / below) % axis.size)
    below *= axis.size
    if (places.size > 1) {
      const sorted = [...places].sort((a, b) => a - b)
      const stride = sorted[1]! - sorted[0]!
      spanned.unshift({ axis: axis.name, size: places.size, stride, whole: places.size === axis.size })
      product *= places.size
    }
  }
  const total = below
  if (group.some((device) => !(device >= 0 && device < total))) return null
  return product === group.length ? spanned : null
}

/** How far along which axis a permutation moves data: most pairs decide. Null when they do not agree on one axis. */
export function shiftOf(
  pairs: readonly (readonly [number, number])[],
  mesh: readonly NamedAxis[],
): { axis: string; size: number; shift: number } | null {
  const votes = new Map<string, { axis: string; size: number; shift: number; count: number }>()
  for (const [source, target] of pairs) {
    const move = moveOf(source, target, mesh)
    if (move === null) return null
    const key = `${move.axis} ${move.shift}`
    const vote = votes.get(key)
    if (vote) vote.count++
    else votes.set(key, { ...move, count: 1 })
  }
  const best = [...votes.values()].sort((a, b) => b.count - a.count)[0]
  if (!best || [...votes.values()].some(({ axis }) => axis !== best.axis)) return null
  return { axis: best.axis, size: best.size, shift: best.shift }
}

/** The one axis on which two devices differ, and by how much, modulo its size. */
function moveOf(source: number, target: number, mesh: readonly NamedAxis[]): { axis: string; size: number; shift: number } | null {
  let below = 1
  let found: { axis: string; size: number; shift: number } | null = null
  for (const { name, size } of mesh.toReversed()) {
    const from = Math.floor(source / below) % size
    const to = Math.floor(target / below) % size
    below *= size
    if (from === to) continue
    if (found) return null
    found = { axis: name, size, shift: (to - from + size) % size }
  }
  return found ?? { axis: '', size: 1, shift: 0 }
}
