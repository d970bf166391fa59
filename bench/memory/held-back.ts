import type { CostModel } from '../../src/planner/cost-model.ts'
import { groupBy } from '../planner-fit/statistics.ts'
import { fitMemory } from './fit.ts'
import type { MemoryCase } from './memory-cases.ts'
import { predictGib } from './predict.ts'

/** A program predicted by constants that have not seen its model. */
export interface HeldBack {
  one: MemoryCase
  gib: number
  /** ln predicted ÷ needed; of a program that did not fit, against what was left when the compiler gave up. */
  log: number
}

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

export function judged(one: MemoryCase, constants: CostModel): HeldBack {
  const gib = predictGib(one, constants)
  return { one, gib, log: Math.log(gib / one.requiredGib) }
}
