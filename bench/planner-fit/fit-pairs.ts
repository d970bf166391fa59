import type { CostModel } from '../../src/planner/cost-model.ts'
import { pairSpread, stepParts } from '../../src/planner/pair-errors.ts'
import { groupBy } from '../../test/support/measured/statistics.ts'
import type { HeldPair } from './held-pairs.ts'
import { minimize } from './minimize.ts'

/** Where each spread starts: how far a part of a step is believed to be off; and how far from there it may be (in log units). */
const starts = {
  floor: 0.03,
  busy: 0.1,
  sums: 0.6,
  weights: 0.4,
  activations: 0.4,
  keys: 0.5,
  experts: 0.5,
  gradients: 0.5,
  dcn: 0.5,
  host: 0.5,
}
const spread = 0.5
/** A workload counts as one observation, however many pairs of meshes it has. */
const priorWeight = 0.5
/** Beyond so many spreads an error counts linearly: heavier tails than a normal distribution's. */
const huber = 2.5

/** Fits the spreads of the parts' errors to held-back pairs, by likelihood; every workload weighs the same. */
export function fitPairs(pairs: readonly HeldPair[]): CostModel['pair'] {
  const names = ['floor', ...stepParts] as const
  const of = (x: readonly number[]) =>
    Object.fromEntries(names.map((name, i) => [name, starts[name] * Math.exp(x[i] ?? 0)])) as CostModel['pair']
  const groups = [...groupBy(pairs, ({ workload }) => workload).values()]
  const loss = (x: readonly number[]): number => {
    const c = of(x)
    let sum = 0
    for (const group of groups) {
      let own = 0
      for (const pair of group) {
        const sigma = pairSpread(pair.faster, pair.slower, c)
        const z = Math.abs(pair.predicted - pair.true) / sigma
        own += Math.log(sigma) + (z < huber ? (z * z) / 2 : huber * (z - huber / 2))
      }
      sum += own / group.length
    }
    for (const value of x) sum += (priorWeight * (value / spread) ** 2) / 2
    return sum
  }
  return of(
    minimize(
      loss,
      names.map(() => 0),
    ),
  )
}
