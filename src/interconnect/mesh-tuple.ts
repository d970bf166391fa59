import { type Axis, axes, axisSize, type Mesh } from '../contract/mesh.ts'

/** One value for each axis, in the contract's order: replica, stage, data, seq, model, expert. */
export type PerAxis<T> = readonly [replica: T, stage: T, data: T, seq: T, model: T, expert: T]

/**
 * Sizes of the six axes, 1 where an axis is not used. The planner's inner loops carry a mesh like this; output carries a `Mesh`.
 */
export type MeshTuple = PerAxis<number>

/** A tuple that is filled in place. */
export type MutableTuple = [...MeshTuple]

/** Where each axis stands in a `MeshTuple`. */
export const axisIndex = { replica: 0, stage: 1, data: 2, seq: 3, model: 4, expert: 5 } as const satisfies Record<Axis, number>

/** The places of the axes in a tuple, first to last. */
export const axisPlaces = [0, 1, 2, 3, 4, 5] as const

/** One value for each axis. */
export function perAxis<T>(make: (axis: Axis, place: (typeof axisPlaces)[number]) => T): [...PerAxis<T>] {
  const of = (place: (typeof axisPlaces)[number]) => make(axes[place], place)
  return [of(0), of(1), of(2), of(3), of(4), of(5)]
}

export function toTuple(mesh: Mesh): MutableTuple {
  return perAxis((axis) => axisSize(mesh, axis))
}

/** The mesh of a tuple, axes of 1 left out. */
export function fromTuple(tuple: MeshTuple): Mesh {
  const mesh: Mesh = {}
  for (const place of axisPlaces) if (tuple[place] !== 1) mesh[axes[place]] = tuple[place]
  return mesh
}

export function tupleProduct([replica, stage, data, seq, model, expert]: MeshTuple): number {
  return replica * stage * data * seq * model * expert
}

/** Ways that the batch is cut over the whole job: replica × data × expert; a serving engine's requests are cut as a batch is. */
export function batchWays(ici: MeshTuple, dcn: MeshTuple): number {
  return ici[0] * dcn[0] * ici[2] * dcn[2] * ici[5] * dcn[5]
}

/** Axes longer than 1. */
export function usedAxes(tuple: MeshTuple): number {
  let used = 0
  for (const place of axisPlaces) if (tuple[place] > 1) used++
  return used
}
