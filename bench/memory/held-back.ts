import type { CostModel } from '../../src/planner/cost-model.ts'
import type { MemoryCase } from '../../test/support/measured/memory-cases.ts'
import { type HeldBack, judged } from '../../test/support/measured/memory-errors.ts'
import { groupBy } from '../../test/support/measured/statistics.ts'
import { fitMemory } from './fit.ts'

/** Leaves out one model at a time, on every chip, and predicts its programs by constants fitted to the others. */
export function holdBack(base: CostModel, cases: readonly MemoryCase[]): HeldBack[] {
  return [...groupBy(cases, ({ model }) => model)].flatMap(([model, group]) => {
    const constants = fitMemory(
      base,
      cases.filter((one) => one.model !== model),
    )
    return group.map((one) => judged(one, constants))
  })
}
