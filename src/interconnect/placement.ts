import type { Physical } from '../contract/verdict.ts'
import type { PerAxis } from './mesh-tuple.ts'

/** The piece of one physical axis that a group of devices occupies. */
export interface AxisPart {
  /** Physical axis: 0 x, 1 y, 2 z; `onChipDim` (3) is the two devices of one chip. */
  dim: number
  size: number
  /** Chips between neighbours: 1 when adjacent, more when other groups lie between them on the same physical axis. */
  stride: number
  /** The part closes to a ring over wrap-around links. */
  ring: boolean
}

/**
 * How a group of devices, those of one mesh axis or of several, lies on the chips of a slice: what a collective over it can use.
 */
export interface AxisPlacement {
  size: number
  /**
   * Pieces of physical axes, the mesh's order from major to minor. Empty where the group is no box of chips but a ring laid by
   * hand.
   */
  parts: readonly AxisPart[]
  /**
   * One-way ICI links that the group keeps busy into each of its devices (with both devices of a chip in the group: into the
   * chip): a whole physical axis gives 2 with wrap-around and 1 without; groups that interleave share; several physical axes add.
   * 0 when the group never leaves the chip.
   */
  links: number
  /**
   * What the busiest one-way link carries in an all-to-all, as a multiple of the bytes that one device holds. 0 inside a chip.
   */
  exchange: number
  /** Links that data crosses one after another to reach the farthest member: the latency floor. */
  hops: number
  /** Members on the same chip: 2 where the group spans both devices of a tpu7x chip, else 1. */
  onChip: 1 | 2
}

/** A logical mesh on a slice; null for axes of 1, and throughout when JAX cannot lay the mesh. */
export interface Placement {
  physical: Physical
  axes: PerAxis<AxisPlacement | null>
}

export const onChipDim = 3
