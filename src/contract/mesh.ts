import { z } from 'zod'

/** The mesh axes in the order of the device mesh (MaxText's); legality is judged in this order. */
export const axes = ['replica', 'stage', 'data', 'seq', 'model', 'expert'] as const
export type Axis = (typeof axes)[number]
export const axisSchema = z.enum(axes)

const size = z.int().min(1).max(1_000_000)

/**
 * Sizes of the mesh axes; an absent axis is 1. The product is the number of JAX devices of one slice (under `dcn`: the slices).
 */
export const meshSchema = z.strictObject({
  replica: size.optional(),
  stage: size.optional(),
  data: size.optional(),
  seq: size.optional(),
  model: size.optional(),
  expert: size.optional(),
})
export type Mesh = z.infer<typeof meshSchema>

/** The size of one axis, 1 where the mesh does not name it. */
export function axisSize(mesh: Mesh, axis: Axis): number {
  return mesh[axis] ?? 1
}

/** The product of all axes. */
export function meshSize(mesh: Mesh): number {
  let product = 1
  for (const axis of axes) product *= axisSize(mesh, axis)
  return product
}

/** The axes of one slice in the order of the device mesh, those of 1 left out. */
export function namedAxes(mesh: Mesh): { name: Axis; size: number }[] {
  return axes.map((name) => ({ name, size: axisSize(mesh, name) })).filter(({ size }) => size > 1)
}

/** The mesh as output shows it: in the order of the axes, axes of 1 left out. */
export function compactMesh(mesh: Mesh): Mesh {
  const compact: Mesh = {}
  for (const axis of axes) {
    const n = axisSize(mesh, axis)
    if (n !== 1) compact[axis] = n
  }
  return compact
}

/** Whether two meshes have the same size on every axis. */
export function sameMesh(a: Mesh, b: Mesh): boolean {
  return axes.every((axis) => axisSize(a, axis) === axisSize(b, axis))
}

/** `data=16 · model=4`, or `one device` for the empty mesh. */
export function formatMesh(mesh: Mesh, separator = ' · '): string {
  const parts = axes.filter((axis) => axisSize(mesh, axis) !== 1).map((axis) => `${axis}=${mesh[axis]}`)
  return parts.length > 0 ? parts.join(separator) : 'one device'
}
