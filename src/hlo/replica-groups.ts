import { maxDevices, transposedIota } from './read-groups.ts'
import type { AxisRef, HloMesh, ReplicaGroups } from './types.ts'

/** The devices of every group, in the order of the group; empty for a form that does not add up or is too large to write out. */
export function expandGroups(groups: ReplicaGroups): number[][] {
  if (groups.form === 'list') return groups.groups.map((group) => [...group])
  if (groups.form === 'iota') {
    const flat = transposedIota(groups.dims, groups.permutation)
    return flat.length === groups.groups * groups.groupSize ? chunks(flat, groups.groupSize) : []
  }
  return meshGroups(groups.mesh, groups.axes)
}

/** Devices in each group without writing them out; null when there are none or they differ. */
export function groupSizeOf(groups: ReplicaGroups): number | null {
  if (groups.form === 'iota') return groups.groupSize > 0 ? groups.groupSize : null
  if (groups.form === 'mesh') return groups.axes.reduce((product, ref) => product * refSize(groups.mesh, ref), 1)
  const size = groups.groups[0]?.length ?? 0
  return size > 0 && groups.groups.every((group) => group.length === size) ? size : null
}

function refSize(mesh: HloMesh, ref: AxisRef): number {
  return ref.sub?.size ?? mesh.axes[ref.axis]?.size ?? 1
}

/** Splits every axis at its sub-axes, then puts the pieces that the group spans last. */
function meshGroups(mesh: HloMesh, refs: readonly AxisRef[]): number[][] {
  const pieces: { size: number; group: number }[] = []
  for (const [axis, { size }] of mesh.axes.entries()) {
    const own = refs.map((ref, order) => ({ ref, order })).filter(({ ref }) => ref.axis === axis)
    let done = 1
    for (const { ref, order } of own.toSorted((a, b) => (a.ref.sub?.preSize ?? 1) - (b.ref.sub?.preSize ?? 1))) {
      const pre = ref.sub?.preSize ?? 1
      if (pre % done !== 0) return []
      if (pre > done) pieces.push({ size: pre / done, group: -1 })
      pieces.push({ size: refSize(mesh, ref), group: order })
      done = pre * refSize(mesh, ref)
    }
    if (done <= 0 || size % done !== 0) return []
    if (size > done) pieces.push({ size: size / done, group: -1 })
  }
  const outer = pieces.flatMap((piece, i) => (piece.group < 0 ? [i] : []))
  const inner = refs.flatMap((_, order) => pieces.flatMap((piece, i) => (piece.group === order ? [i] : [])))
  const dims = pieces.map(({ size }) => size)
  const flat = transposedIota(dims, [...outer, ...inner])
  const ids = mesh.deviceIds
  const named = ids === null ? flat : flat.map((position) => ids[position] ?? -1)
  return chunks(
    named,
    inner.reduce((product, i) => product * dims[i]!, 1),
  )
}

function chunks(flat: readonly number[], size: number): number[][] {
  if (size <= 0 || flat.length > maxDevices) return []
  const result: number[][] = []
  for (let i = 0; i < flat.length; i += size) result.push(flat.slice(i, i + size))
  return result
}
