import type { PbfReader } from 'pbf'
import type { AxisRef, HloMesh, HloSharding, ReplicaGroups } from './types.ts'

/** Reads a ReplicaGroup at the cursor: the devices of one group. */
export function readReplicaGroup(reader: PbfReader): number[] {
  return reader.readMessage((tag, ids: number[], r) => {
    if (tag === 1) r.readPackedVarint(ids)
  }, [])
}

/** Reads a CollectiveDeviceListProto at the cursor (its second field is the iota form of older writers). */
export function readDeviceList(reader: PbfReader): ReplicaGroups {
  const groups: number[][] = []
  const found: { iota: ReplicaGroups | null } = { iota: null }
  reader.readMessage((tag, _, r) => {
    if (tag === 1) groups.push(readReplicaGroup(r))
    else if (tag === 2) found.iota = readIotaGroups(r)
  }, null)
  return found.iota ?? { form: 'list', groups }
}

/** Reads an IotaReplicaGroupListProto at the cursor. */
export function readIotaGroups(reader: PbfReader): ReplicaGroups {
  const iota = { form: 'iota' as const, groups: 0, groupSize: 0, dims: [] as number[], permutation: [] as number[] }
  return reader.readMessage((tag, into, r) => {
    if (tag === 1) into.groups = r.readVarint(true)
    else if (tag === 2) into.groupSize = r.readVarint(true)
    else if (tag === 3) r.readPackedVarint(into.dims, true)
    else if (tag === 4) r.readPackedVarint(into.permutation, true)
  }, iota)
}

/** Reads a MeshAxesReplicaGroupListProto at the cursor. */
export function readMeshAxesGroups(reader: PbfReader): ReplicaGroups {
  const groups = { form: 'mesh' as const, mesh: { axes: [], deviceIds: null } as HloMesh, axes: [] as AxisRef[] }
  return reader.readMessage((tag, into, r) => {
    if (tag === 1) into.mesh = readMesh(r)
    else if (tag === 2) into.axes.push(readAxisRef(r))
  }, groups)
}

function readMesh(reader: PbfReader): HloMesh {
  const axes: { name: string; size: number }[] = []
  const ids: number[] = []
  const iota = { dims: [] as number[], permutation: [] as number[] }
  reader.readMessage((tag, _, r) => {
    if (tag === 1) axes.push(readMeshAxis(r))
    else if (tag === 2) r.readPackedVarint(ids)
    else if (tag === 3) r.readMessage(readIotaTransform, iota)
  }, null)
  if (ids.length > 0) return { axes, deviceIds: ids }
  return { axes, deviceIds: iota.dims.length > 0 ? transposedIota(iota.dims, iota.permutation) : null }
}

function readIotaTransform(tag: number, iota: { dims: number[]; permutation: number[] }, reader: PbfReader): void {
  if (tag === 1) reader.readPackedVarint(iota.dims, true)
  else if (tag === 2) reader.readPackedVarint(iota.permutation, true)
}

function readMeshAxis(reader: PbfReader): { name: string; size: number } {
  return reader.readMessage(
    (tag, axis, r) => {
      if (tag === 1) axis.name = r.readString()
      else if (tag === 2) axis.size = r.readVarint(true)
    },
    { name: '', size: 1 },
  )
}

function readAxisRef(reader: PbfReader): AxisRef {
  const ref: AxisRef = { axis: 0, sub: null }
  return reader.readMessage((tag, into, r) => {
    if (tag === 1) into.axis = r.readVarint(true)
    else if (tag === 2) {
      into.sub = r.readMessage(
        (t, sub, rr) => {
          if (t === 1) sub.preSize = rr.readVarint(true)
          else if (t === 2) sub.size = rr.readVarint(true)
        },
        { preSize: 1, size: 1 },
      )
    }
  }, ref)
}

const shardingKinds = ['replicated', 'maximal', 'tuple', 'tiled', 'manual', 'unknown', 'unreduced'] as const

/** Reads an OpSharding at the cursor. */
export function readSharding(reader: PbfReader): HloSharding {
  const sharding: Draft = { kind: 'replicated', tileDims: [], replicateOnLastDim: false, mesh: null }
  return reader.readMessage((tag, into, r) => {
    if (tag === 1) into.kind = shardingKinds[r.readVarint()] ?? 'unknown'
    else if (tag === 3) r.readPackedVarint(into.tileDims, true)
    else if (tag === 6) into.replicateOnLastDim = r.readBoolean()
    else if (tag === 14) readNamedSharding(into, r)
  }, sharding)
}

interface Draft extends HloSharding {
  tileDims: number[]
}

/**
 * Reads a NamedShardingProto at the cursor: a mesh of named axes, and for each dimension the axes that split it. What is left of
 * the mesh replicates.
 */
function readNamedSharding(into: Draft, reader: PbfReader): void {
  const named = { mesh: { axes: [], deviceIds: null } as HloMesh, dims: [] as AxisRef[][] }
  reader.readMessage((tag, found, r) => {
    if (tag === 2) found.mesh = readMesh(r)
    else if (tag === 3)
      found.dims.push(
        r.readMessage((t, refs: AxisRef[], rr) => {
          if (t === 1) refs.push(readAxisRef(rr))
        }, []),
      )
  }, named)
  const { mesh, dims } = named
  if (mesh.axes.length === 0) return
  const sizeOf = ({ axis, sub }: AxisRef): number => sub?.size ?? mesh.axes[axis]?.size ?? 1
  const tiles = dims.map((refs) => refs.reduce((product, ref) => product * sizeOf(ref), 1))
  const rest = product(mesh.axes.map(({ size }) => size)) / product(tiles)
  into.mesh = mesh
  into.kind = product(tiles) > 1 ? 'tiled' : 'replicated'
  into.tileDims = rest > 1 ? [...tiles, rest] : tiles
  into.replicateOnLastDim = rest > 1
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all * size, 1)
}

/** The most devices a list of groups may hold once written out. */
export const maxDevices = 1 << 20

/**
 * 0, 1, 2, … reshaped to `dims` and transposed by `permutation`, flattened again; empty if `dims` is not a shape of at most 2^20.
 */
export function transposedIota(dims: readonly number[], permutation: readonly number[]): number[] {
  const order = permutation.length === dims.length ? permutation : dims.map((_, i) => i)
  let size = 1
  for (const dim of dims) size *= dim
  const isPermutation = new Set(order).size === dims.length && order.every((axis) => axis >= 0 && axis < dims.length)
  if (!isPermutation || !dims.every((dim) => dim > 0) || size > maxDevices) return []
  const strides = dims.map(() => 1)
  for (let i = dims.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * dims[i + 1]!
  let flat = [0]
  for (const axis of order) {
    const next: number[] = []
    for (const base of flat) for (let i = 0; i < dims[axis]!; i++) next.push(base + i * strides[axis]!)
    flat = next
  }
  return flat
}
