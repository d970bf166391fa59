import type { Slice } from './slice.ts'

/** Where one JAX device stands: the chip's coordinates, and which of the chip's devices it is. */
export type DevicePosition = readonly [x: number, y: number, z: number, core: number]

const ring2x2 = [0, 1, 3, 2]
const ringOf8 = [0, 1, 2, 3, 7, 6, 5, 4]
const ring4x4 = [0, 1, 2, 3, 7, 6, 5, 9, 10, 11, 15, 14, 13, 12, 8, 4]
const tpu7xTray = [0, 1, 2, 3, 6, 7, 4, 5]

/**
 * On some small slices JAX does not search: it lays all devices along one ring made by hand and cuts that into the mesh, so
 * every mesh is contiguous. Returns the devices in that order, or null for every other slice.
 *
 * - v5e and v6e: 2x2; every slice of 8; 4x4 when one axis holds all 16.
 * - tpu7x: 2x2 trays of chips, one to four of them on top of each other.
 */
export function handLaidRing(slice: Slice, sizes: readonly number[]): DevicePosition[] | null {
  if (slice.chip === 'v5e' || slice.chip === 'v6e') {
    const order = flatRing(slice, sizes)
    const [width = 1] = slice.dims
    return order?.map((i) => [i % width, Math.floor(i / width), 0, 0] as const) ?? null
  }
  if (slice.chip === 'tpu7x') return stackedTrays(slice)
  return null
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
    for (const device of tpu7xTray) {
      const chip = device >> 1
      ordered.push([chip % 2, chip >> 1, tray, device & 1])
    }
  }
  return ordered
}
