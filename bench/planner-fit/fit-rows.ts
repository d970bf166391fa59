import type { CostModel } from '../../src/planner/cost-model.ts'
import { groupBy } from '../../test/support/measured/statistics.ts'
import { type FitRow, logError } from '../../test/support/measured/time-rows.ts'
import { type Contrast, stepSeconds } from './contrasts.ts'
import { fittedConstants, surprise, toFree, withConstants } from './fitted-constants.ts'
import { minimize } from './minimize.ts'

/** Beyond this an error counts linearly: one odd row must not pull the constants. */
const huber = 0.15
/** What it costs to leave the physical expectations, against an error of one model. */
const priorWeight = 0.002

/**
 * Fits the constants to measured rows and to compiled contrasts. Every model weighs the same, whatever the number of its rows; so
 * does every compiled workload, whose replayed steps count by their ratios only: the replay knows a schedule, not the hardware's
 * efficiency.
 */
export function fitConstants(base: CostModel, rows: readonly FitRow[], pairs: readonly Contrast[], from?: CostModel): CostModel {
  const models = [...groupBy(rows, (row) => `${row.chip} ${row.model}`).values()]
  const workloads = [...groupBy(pairs, ({ group }) => group).values()]
  const start = fittedConstants.map((constant) => toFree(constant, constant.start))
  const loss = (x: readonly number[]): number => {
    const constants = withConstants(base, fittedConstants, x)
    let sum = 0
    for (const group of models) sum += meanLoss(group.map((row) => logError(row, constants)))
    for (const group of workloads) sum += meanLoss(group.map((pair) => ratioError(pair, constants)))
    return sum + priorWeight * surprise(x)
  }
  // from an answer to nearly the same question the way is short
  if (from)
    return withConstants(
      base,
      fittedConstants,
      minimize(
        loss,
        fittedConstants.map((constant) => toFree(constant, from.time[constant.key])),
        { step: 0.1, tolerance: 0.01 },
      ),
    )
  return withConstants(base, fittedConstants, minimize(loss, start))
}

/** The constants fitted without one model or one source, and with all; each fit is made once. */
export interface HeldBackFits {
  fitted: CostModel
  without: (model: string) => CostModel
  withoutSource: (source: string) => CostModel
}

export function heldBackFits(base: CostModel, rows: readonly FitRow[], pairs: readonly Contrast[]): HeldBackFits {
  const fitted = fitConstants(base, rows, pairs)
  const made = new Map<string, CostModel>()
  const once = (key: string, kept: (row: FitRow) => boolean, others: readonly Contrast[]): CostModel => {
    const constants = made.get(key) ?? fitConstants(base, rows.filter(kept), others, fitted)
    made.set(key, constants)
    return constants
  }
  return {
    fitted,
    without(model) {
      const others = pairs.filter(({ faster }) => faster.workload.model.name !== model)
      return once(`model ${model}`, (row) => row.model !== model, others)
    },
    withoutSource: (source) => once(`source ${source}`, (row) => row.source !== source, pairs),
  }
}

/** Log of the predicted over the replayed ratio of two meshes. */
export function ratioError({ faster, slower }: Contrast, constants: CostModel): number {
  return Math.log(stepSeconds(slower, constants) / stepSeconds(faster, constants)) - Math.log(slower.replayMs / faster.replayMs)
}

function meanLoss(errors: readonly number[]): number {
  let sum = 0
  for (const signed of errors) {
    const error = Math.abs(signed)
    sum += error < huber ? (error * error) / 2 : huber * (error - huber / 2)
  }
  return sum / errors.length
}
