import type { ChipName } from '../contract/chip.ts'

/** The chips of one slice and how they hang together. */
export interface Slice {
  chip: ChipName
  /** The slice's product name (`v5p-128`), or null for a shape without one. */
  name: string | null
  /** Chips along each physical axis: 2 numbers on 2D chips, 3 on 3D chips. */
  dims: readonly number[]
  /** Whether each physical axis has wrap-around links. */
  wrap: readonly boolean[]
  chips: number
  hosts: number
  devicesPerChip: 1 | 2
  /** JAX devices of one slice. */
  devices: number
}
