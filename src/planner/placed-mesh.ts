import type { Axis } from '../contract/mesh.ts'
import { axisIndex, batchWays, type MeshTuple, tupleProduct } from '../interconnect/mesh-tuple.ts'
import type { Workload } from './workload.ts'

/** A mesh on a workload as the rules look at it: sizes inside a slice, across slices, and over the whole job. */
export interface PlacedMesh {
  workload: Workload
  ici: MeshTuple
  dcn: MeshTuple
  iciProduct: number
  dcnProduct: number
  /** Ways the batch is cut over the whole job: replica × data × expert. */
  batchShards: number
  /** Sequences of one forward pass: the global batch over the gradient accumulation steps, which only training has. */
  batch: number
}

export function placedMesh(workload: Workload, ici: MeshTuple, dcn: MeshTuple): PlacedMesh {
  const { run, phase } = workload
  return {
    workload,
    ici,
    dcn,
    iciProduct: tupleProduct(ici),
    dcnProduct: tupleProduct(dcn),
    batchShards: batchWays(ici, dcn),
    batch: phase === 'train' ? run.global_batch / run.microbatches : run.global_batch,
  }
}

/** The size of an axis over the whole job. */
export function degree(mesh: PlacedMesh, axis: Axis): number {
  const i = axisIndex[axis]
  return mesh.ici[i] * mesh.dcn[i]
}

/** `model=8`, or `model=4 × 2 slices` where the axis crosses slices. */
export function showDegree(mesh: PlacedMesh, axis: Axis): string {
  const i = axisIndex[axis]
  return mesh.dcn[i] === 1 ? `${axis}=${mesh.ici[i]}` : `${axis}=${mesh.ici[i]} × ${mesh.dcn[i]} across slices`
}
