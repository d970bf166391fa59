import { axisSize } from '../../../src/contract/mesh.ts'
import type { CostModel } from '../../../src/planner/cost-model.ts'
import { certaintyOf, fitProbability, type MemoryKind, memoryKindOf } from '../../../src/planner/memory-probability.ts'
import type { MemoryCase } from './memory-cases.ts'
import { predictGib } from './predict-gib.ts'

/** A program predicted by constants that have not seen its model. */
export interface HeldBack {
  one: MemoryCase
  gib: number
  /** ln predicted ÷ needed; of a program that did not fit, against what was left when the compiler gave up. */
  log: number
}

export function judged(one: MemoryCase, constants: CostModel): HeldBack {
  const gib = predictGib(one, constants)
  return { one, gib, log: Math.log(gib / one.requiredGib) }
}

/** Its peak is known. */
export function measured({ one }: HeldBack): boolean {
  return one.status === 'fits' && !one.atMost
}

/** Programs of which the planner is sure and wrong. */
export function wrong(held: readonly HeldBack[]): HeldBack[] {
  return held.filter((each) => certainty(each) !== 'near' && !agrees(each))
}

export function probability({ one, gib }: HeldBack): number {
  return fitProbability(1 - gib / available(one), kindOf(one))
}

export function certainty(held: HeldBack) {
  return certaintyOf(probability(held))
}

export function agrees(held: HeldBack): boolean {
  return (certainty(held) === 'clear') === (held.one.status === 'fits')
}

export function available({ workload }: HeldBack['one']): number {
  return workload.chip.hbm_available_gib_per_device
}

export function kindOf({ workload, mesh, dcn }: MemoryCase): MemoryKind {
  return memoryKindOf(workload, axisSize(mesh, 'stage') * axisSize(dcn, 'stage'))
}
