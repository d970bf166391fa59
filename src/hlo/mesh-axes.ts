/**
 * A named axis of the device mesh, in mesh order (major first). With several slices the axis over slices comes as its own entry.
 */
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
 * Which axes of the mesh a group of devices spans. Devices are numbered by their place in the mesh, row-major. Null when the
 * group is not a box of the mesh: then it is no collective over axes.
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

/**
 * The axes along which a permutation moves data, in mesh order, and by how much where it is one axis and all pairs agree (modulo
 * its size).
 */
export function axesOfPairs(
  pairs: readonly (readonly [number, number])[],
  mesh: readonly NamedAxis[],
): { axes: string[]; shift: { size: number; by: number } | null } {
  const found = new Map<string, { size: number; shifts: Set<number> }>()
  for (const [source, target] of pairs) {
    let below = 1
    for (const { name, size } of mesh.toReversed()) {
      const by = (Math.floor(target / below) - Math.floor(source / below)) % size
      below *= size
      if (by === 0) continue
      const entry = found.get(name) ?? { size, shifts: new Set() }
      entry.shifts.add((by + size) % size)
      found.set(name, entry)
    }
  }
  const axes = mesh.flatMap(({ name }) => (found.has(name) ? [name] : []))
  const only = axes.length === 1 ? found.get(axes[0]!) : undefined
  return { axes, shift: only?.shifts.size === 1 ? { size: only.size, by: [...only.shifts][0]! } : null }
}
