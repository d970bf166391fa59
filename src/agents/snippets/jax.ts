import { type Axis, axes, axisSize, type Mesh, meshSize } from '../../contract/mesh.ts'
import { axisNames } from '../../text/axis-names.ts'
import type { SnippetInput } from './snippet-input.ts'

/** Plain JAX: the device mesh with all six axes. */
export function jaxSnippet(input: SnippetInput): string {
  const names = `(${axes.map((axis: Axis) => `'${axisNames.jax[axis]}'`).join(', ')})`
  const split = input.physical === 'split' ? ', allow_split_physical_axes=True' : ''
  const multiSlice = meshSize(input.dcn) > 1
  const devices = multiSlice
    ? `mesh_utils.create_hybrid_device_mesh(${tuple(input.mesh)}, ${tuple(input.dcn)}${split})`
    : `mesh_utils.create_device_mesh(${tuple(input.mesh)}${split})`
  const lines = ['from jax.experimental import mesh_utils', 'from jax.sharding import Mesh', `mesh = Mesh(${devices}, ${names})`]
  const changes = Object.entries(input.changes).filter(([, value]) => value !== undefined)
  for (const [name, value] of changes) lines.push(`# ${name}: ${typeof value === 'object' ? JSON.stringify(value) : value}`)
  return lines.join('\n')
}

function tuple(mesh: Mesh): string {
  return `(${axes.map((axis) => axisSize(mesh, axis)).join(', ')})`
}
