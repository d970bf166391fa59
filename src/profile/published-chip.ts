import json from '../../knowledge/chips.json' with { type: 'json' }
import { type ChipName, chipOfDeviceType } from '../contract/chip.ts'

/** The published figures of the chip that a profile calls by this type; null for one that we do not know. */
export function publishedChip(deviceType: string): (typeof json.chips)[ChipName] | null {
  const chip = chipOfDeviceType(deviceType)
  return chip === null ? null : json.chips[chip]
}
