import { compactMesh, formatMesh, type Mesh, meshSize, sameMesh } from '../contract/mesh.ts'
import type { Workload } from '../planner/workload.ts'

/** A mesh on a slice and across slices. */
export interface Placed {
  mesh: Mesh
  dcn: Mesh
}

export function samePlaced(a: Placed, b: Placed): boolean {
  return sameMesh(a.mesh, b.mesh) && sameMesh(a.dcn, b.dcn)
}

/** `data=16 model=4`, across slices `data=16 model=4 dcn data=2`: a key, and a name in text. */
export function namePlaced({ mesh, dcn }: Placed): string {
  return `${formatMesh(mesh, ' ')}${meshSize(dcn) > 1 ? ` dcn ${formatMesh(dcn, ' ')}` : ''}`
}

/** Everything fully sharded: the rival that most public configurations are. */
export function pureFsdp({ slice, slices }: Pick<Workload, 'slice' | 'slices'>): Placed {
  return { mesh: compactMesh({ data: slice.devices }), dcn: compactMesh({ data: slices }) }
}

/** Whether nothing but `data` is used, on the slice and across slices (where copies across slices count as pure too). */
export function isPureFsdp({ mesh, dcn }: Placed): boolean {
  const only = (of: Mesh, allowed: readonly string[]) => Object.keys(compactMesh(of)).every((axis) => allowed.includes(axis))
  return only(mesh, ['data']) && only(dcn, ['data', 'replica'])
}
