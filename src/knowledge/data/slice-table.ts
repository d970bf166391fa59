import { chipOfDeviceType } from '../../contract/chip.ts'
import { findModel } from './models.ts'
import { findSlice, slicesOfDevices } from './topologies.ts'

/** The shipped slices, names of chips and models, for finding out what ran and where. */
export const sliceTable = { slicesOfDevices, findSlice, chipOfDeviceType, knowsModel: (name: string) => findModel(name) !== null }
