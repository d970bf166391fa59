import { jobChips } from '../planner/model/model-flops.ts'
import type { Workload } from '../planner/workload.ts'
import { regretOf, type TableRow, type TruthTable } from './truth-table.ts'

/** After a trial: the best so far as regret (0.05: 5 % more time than the best), and what all trials until then have cost. */
export interface CurvePoint {
  regret: number
  chipHours: number
  usd: number
}

/** What a trial is taken to be: start-up and compilation, then so many steps; one that fails costs its start-up all the same. */
export const trialCost = { startSeconds: 180, steps: 20 } as const

/**
 * The search curve of an order of rows, one point a trial, failed trials included. Before anything ran the regret is that of the
 * slowest mesh of the table: an engineer who has nothing is no better off than with the worst.
 */
export function curveOf(
  table: TruthTable,
  order: readonly TableRow[],
  workload: Pick<Workload, 'chip' | 'slice' | 'slices'>,
): CurvePoint[] {
  const chips = jobChips(workload)
  let regret = Math.max(...table.rows.map((row) => regretOf(table, row) ?? 0))
  let chipHours = 0
  let tried = false
  return order.map((row) => {
    const own = regretOf(table, row)
    if (own !== null) {
      regret = tried ? Math.min(regret, own) : own
      tried = true
    }
    const seconds = trialCost.startSeconds + (row.stepMs === null ? 0 : (trialCost.steps * row.stepMs) / 1000)
    chipHours += (chips * seconds) / 3600
    return { regret, chipHours, usd: chipHours * workload.chip.usd_per_chip_hour }
  })
}

/** The point after so many trials; the last one where the table has fewer rows. */
export function afterTrials(curve: readonly CurvePoint[], trials: number): CurvePoint {
  const point = curve[Math.min(trials, curve.length) - 1]
  if (point === undefined) throw new RangeError('a curve of no trials')
  return point
}

/** The first trial that comes within a share of the best; null where none does. */
export function trialsToWithin(curve: readonly CurvePoint[], share: number): number | null {
  const at = curve.findIndex(({ regret }) => regret <= share)
  return at < 0 ? null : at + 1
}
