import type { ChipName } from '../../contract/chip.ts'
import { findChip } from './chips.ts'
import { resolveModel } from './models.ts'
import { parsePrices } from './prices.ts'
import { findSlice } from './topologies.ts'

/** The shipped chips, slices and models, with the operator's own prices as the setting holds them. @throws PromptsError `bad_config`. */
export function openCatalog(pricesSetting: string | undefined) {
  const prices = parsePrices(pricesSetting)
  return { findChip: (name: ChipName) => findChip(name, { prices }), findSlice, resolveModel }
}
