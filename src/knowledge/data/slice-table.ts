import { chipOfDeviceType } from './chips.ts'
import { findSlice, slicesOfDevices } from './topologies.ts'

/** The shipped slices and names of chips, for finding out where a run ran. */
export const sliceTable = { slicesOfDevices, findSlice, chipOfDeviceType }
