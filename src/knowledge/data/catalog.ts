import type { ChipName } from '../../contract/chip.ts'
import { findChip } from './chips.ts'
import { resolveModel } from './models.ts'
import { parsePrices } from './prices.ts'
import { findSlice, largerSlice } from './topologies.ts'

/** What an operator sets of costs, as the configuration holds it. */
export interface CostSettings {
  PROMPTS_PRICES?: string | undefined
  PROMPTS_GOODPUT?: number | undefined
}

/** The shipped chips, slices and models, with the operator's own prices and goodput. @throws PromptsError `bad_config`. */
export function openCatalog({ PROMPTS_PRICES, PROMPTS_GOODPUT: goodput = 1 }: CostSettings = {}) {
  const costs = { prices: parsePrices(PROMPTS_PRICES), goodput }
  return { findChip: (name: ChipName) => findChip(name, costs), findSlice, largerSlice, resolveModel }
}
