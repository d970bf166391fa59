import { formatMesh, type Mesh, meshSize, sameMesh } from './mesh.ts'

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

/** `data=16 · model=4`, with what lies across slices: `data=16 · model=4, data=2 across slices`. */
export function formatPlaced({ mesh, dcn }: Placed): string {
  return `${formatMesh(mesh)}${Object.keys(dcn).length > 0 ? `, ${formatMesh(dcn)} across slices` : ''}`
}
