import type { ChipName } from '../../contract/chip.ts'
import type { ResolvedModel } from '../../planner/model/resolved-model.ts'

/** What is known of slices, of the names that profiles give their chips, and of models. */
export interface SliceTable {
  /** The named slices that have so many JAX devices. */
  slicesOfDevices(devices: number, chip: ChipName | null): { name: string; chip: ChipName; shape: string }[]
  /** @throws PromptsError `unknown_topology` */
  findSlice(chip: ChipName, topology: string): { devices: number }
  /** The chip that a profile calls by this name (`TPU v5 lite`), or null. */
  chipOfDeviceType(deviceType: string): ChipName | null
  /** Whether the library has a model of this name. */
  knowsModel(name: string): boolean
  /** A model of the library by a name of its own, or null. */
  modelOf(name: string): ResolvedModel | null
  /** Every model of the library. */
  models(): Iterable<ResolvedModel>
}
