import { chipOfDeviceType } from '../../contract/chip.ts'
import { findModel, modelNames } from './models.ts'
import { findSlice, slicesOfDevices } from './topologies.ts'

/** The shipped slices, names of chips and models, for finding out what ran and where. */
export const sliceTable = {
  slicesOfDevices,
  findSlice,
  chipOfDeviceType,
  knowsModel: (name: string) => findModel(name) !== null,
  modelOf: (name: string) => findModel(name)?.model ?? null,
  *models() {
    for (const name of modelNames()) yield findModel(name)!.model
  },
}
