import json from '../../knowledge/chips.json' with { type: 'json' }
import type { Slice } from './slice.ts'

/** Where one JAX device stands: the chip's coordinates, and which of the chip's devices it is. */
export type DevicePosition = readonly [x: number, y: number, z: number, core: number]

const ring2x2 = [0, 1, 3, 2]
const ringOf8 = [0, 1, 2, 3, 7, 6, 5, 4]
const ring4x4 = [0, 1, 2, 3, 7, 6, 5, 9, 10, 11, 15, 14, 13, 12, 8, 4]
const trayOf8 = [0, 1, 2, 3, 6, 7, 4, 5]

/**
 * On some small slices JAX does not search: it lays all devices along one ring made by hand and cuts that into the mesh, so
 * every mesh is contiguous. Returns the devices in that order, or null for every other slice.
 *
 * - flat (v5e, v6e): 2x2; every slice of 8; 4x4 when one axis holds all 16.
 * - trays (tpu7x): 2x2 trays of chips, one to four of them on top of each other.
 */
export function handLaidRing(slice: Slice, sizes: readonly number[]): DevicePosition[] | null {
  const kind = json.chips[slice.chip].small_slice_ring
  if (kind === 'flat') {
    const order = flatRing(slice, sizes)
    const [width = 1] = slice.dims
    return order?.map((i) => [i % width, Math.floor(i / width), 0, 0] as const) ?? null
  }
  return kind === 'trays' ? stackedTrays(slice) : null
}

function flatRing(slice: Slice, sizes: readonly number[]): number[] | null {
  const [x, y] = slice.dims
  if (x === 2 && y === 2) return ring2x2
  if (slice.devices === 8) return ringOf8
  if (x === 4 && y === 4 && sizes.includes(16)) return ring4x4
  return null
}

function stackedTrays(slice: Slice): DevicePosition[] | null {
  const [x = 1, y = 1, z = 1] = slice.dims
  if (slice.devices % 8 !== 0 || slice.devices > 32 || x > 2 || y > 2) return null
  const ordered: DevicePosition[] = []
  for (let tray = 0; tray < z; tray++) {
    for (const device of trayOf8) {
      const chip = device >> 1
      ordered.push([chip % 2, chip >> 1, tray, device & 1])
    }
  }
  return ordered
}
