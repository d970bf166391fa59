import json from '../../knowledge/chips.json' with { type: 'json' }
import { chipOfDeviceType } from '../contract/chip.ts'
import type { ProfileReport } from '../contract/profile-report.ts'

/** A stated peak within this of a chip's or a core's is that one's: profiles round clocks. */
const within = 0.1

/**
 * Whose peak a roofline is under: profiles state a TensorCore's on chips with two, messages speak of chips. Null where the chip
 * is not known or the peak is neither's.
 */
export function peakOwner({ device, roofline }: Pick<ProfileReport, 'device' | 'roofline'>): string | null {
  const chip = chipOfDeviceType(device.type)
  const peak = roofline.peak_tflops
  if (chip === null || peak === null) return null
  const { bf16_tflops: whole, cores_per_chip: cores } = json.chips[chip]
  const isNear = (value: number) => Math.abs(peak / value - 1) < within
  if (cores > 1 && isNear(whole / cores)) return `one of ${chip}'s ${cores} cores`
  return isNear(whole) ? `a ${chip} chip` : null
}
