import type { ChipName } from '../../contract/chip.ts'
import type { Catalog } from '../resolve-workload.ts'

/** What a line's names are looked up in. */
export interface Vocabulary {
  catalog: Catalog
  modelNames: readonly string[]
  sliceNames: readonly string[]
  /** The named slices of a chip that have so many JAX devices. */
  slicesOfDevices: (devices: number, chip: ChipName | null) => readonly { name: string }[]
}
