import { collectiveMatmul, offloadTogether } from './flag-remedies.ts'
import type { Remedy, RemedyInput } from './remedy.ts'
import { fewerMicrobatches, statesOnDevice } from './run-remedies.ts'
import { expertsOnFsdp, expertTiles } from './sharding-remedies.ts'

/** In the order in which they are said. */
const rules = [expertsOnFsdp, offloadTogether, fewerMicrobatches, statesOnDevice, collectiveMatmul, expertTiles]

/** What is shown of them. */
const shown = 2

/**
 * Settings beside the mesh that answer what the profile or a compiled graph shows, or what the model's shapes say; at most two.
 */
export function findRemedies(input: RemedyInput): Remedy[] {
  return rules.flatMap((rule) => rule(input) ?? []).slice(0, shown)
}
