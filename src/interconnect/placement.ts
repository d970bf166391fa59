import type { Physical } from '../contract/verdict.ts'
import type { PerAxis } from './mesh-tuple.ts'

/** The piece of one physical axis that one logical axis occupies. */
export interface AxisPart {
  /** Physical axis: 0 x, 1 y, 2 z; `onChipDim` (3) is the two devices of one chip. */
  dim: number
  size: number
  /** Chips between neighbours: 1 when adjacent, more when another logical axis lies inside on the same physical axis. */
  stride: number
  /** The part closes to a ring over wrap-around links. */
  ring: boolean
}

/** How one logical axis lies on the chips of a slice: what a collective over it can use. */
export interface AxisPlacement {
  size: number
  /** Physical axes from major to minor. Empty for the small slices where JAX lays all devices along one hand-made ring. */
  parts: readonly AxisPart[]
  /**
   * One-way ICI links that one device can keep busy in a collective over this axis: a whole physical axis gives 2 with
   * wrap-around and 1 without; sub-axes that interleave share; the axes of a multi-axis placement add; two devices of one
   * chip share the chip's links unless the axis spans both. 0 when the axis never leaves the chip. An all-gather of V bytes
   * over n devices takes V·(n−1)/n ÷ (links × one-way bandwidth of a link).
   */
  links: number
  /** Links that data crosses one after another to reach the farthest member: the latency floor. */
  hops: number
  /** Members on the same chip: 2 where the axis spans both devices of a tpu7x chip, else 1. */
  onChip: 1 | 2
}

/** A logical mesh on a slice; `axes` in the order of a `MeshTuple`, null for axes of 1. Null axes throughout when impossible. */
export interface Placement {
  physical: Physical
  axes: PerAxis<AxisPlacement | null>
}

export const onChipDim = 3
