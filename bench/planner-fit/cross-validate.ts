import { floorStepMs } from '../../src/planner/impossible.ts'
import { groupBy } from '../../test/support/measured/statistics.ts'
import { type FitRow, logError } from '../../test/support/measured/time-rows.ts'
import type { HeldBackFits } from './fit-rows.ts'

/** A row predicted by constants that never saw its model. */
export interface HeldBack {
  row: FitRow
  /** Log of predicted over measured. */
  log: number
  /** The same for the roofline alone: FLOPs at peak, nothing else. */
  rooflineLog: number
}

/** Leaves out one model at a time, over every chip it ran on, or one source, and predicts its qualifying rows with the rest. */
export function crossValidate(rows: readonly FitRow[], fits: HeldBackFits, by: 'model' | 'source' = 'model'): HeldBack[] {
  const held: HeldBack[] = []
  for (const [left, group] of groupBy(
    rows.filter(({ qualifying }) => qualifying),
    (row) => row[by],
  )) {
    const constants = by === 'model' ? fits.without(left) : fits.withoutSource(left)
    for (const row of group) {
      const roofline = Math.log(floorStepMs(row.workload).ms / row.measuredMs)
      held.push({ row, log: logError(row, constants), rooflineLog: roofline })
    }
  }
  return held
}

export function relativeError(log: number): number {
  return Math.abs(Math.exp(log) - 1)
}

type Logged = { model: string; log: number }

/** The range of measured over predicted that holds `share` of the rows, a model weighing by the square root of its rows. */
export function quantileRange(held: readonly Logged[], share: number): { low: number; high: number } {
  const weighted: { ratio: number; weight: number }[] = []
  for (const group of groupBy(held, ({ model }) => model).values()) {
    // neither one odd model nor one long table decides
    const weight = 1 / Math.sqrt(group.length)
    for (const { log } of group) weighted.push({ ratio: -log, weight })
  }
  const tail = (1 - share) / 2
  return { low: Math.exp(weightedQuantile(weighted, tail)), high: Math.exp(weightedQuantile(weighted, 1 - tail)) }
}

/** A range, and how often it holds the rows of a model when it is built from the other models' rows. */
export interface CheckedRange {
  low: number
  high: number
  inside: number
  total: number
  byModel: Map<string, [number, number]>
}

/**
 * The narrowest quantile range that, built without a model's rows, holds at least `share` of them over all models: the level is
 * raised until it does (leave-one-group-out, in the manner of the jackknife+ of Barber et al.), and where the rows are too few
 * for that, the range of all of them is widened.
 */
export function rangeOf(held: readonly Logged[], share = 0.9): CheckedRange {
  let checked = leaveOneOut(held, lowestLevel)
  const holds = () => checked.inside >= share * checked.total
  for (let level = lowestLevel; level < 1 && !holds(); level += 0.005) checked = leaveOneOut(held, level)
  for (let widening = 1; widening < 3 && !holds(); widening += 0.05) checked = leaveOneOut(held, 1, widening)
  return checked
}

const lowestLevel = 0.7

function leaveOneOut(held: readonly Logged[], level: number, widening = 1): CheckedRange {
  const widened = ({ low, high }: { low: number; high: number }) => ({ low: low ** widening, high: high ** widening })
  const byModel = new Map<string, [number, number]>()
  let inside = 0
  for (const [model, group] of groupBy(held, (row) => row.model)) {
    const others = held.filter((other) => other.model !== model)
    const { low, high } = widened(quantileRange(others, level))
    const hits = group.filter(({ log }) => Math.exp(-log) >= low && Math.exp(-log) <= high).length
    byModel.set(model, [hits, group.length])
    inside += hits
  }
  return { ...widened(quantileRange(held, level)), inside, total: held.length, byModel }
}

function weightedQuantile(items: readonly { ratio: number; weight: number }[], p: number): number {
  const sorted = [...items].sort((a, b) => a.ratio - b.ratio)
  const total = sorted.reduce((sum, { weight }) => sum + weight, 0)
  let below = 0
  for (const { ratio, weight } of sorted) {
    below += weight
    if (below >= p * total) return ratio
  }
  return sorted.at(-1)?.ratio ?? 0
}
