import { mean, spread } from '../numbers/statistics.ts'
import { afterTrials, type CurvePoint, curveOf, trialsToWithin } from './curve.ts'
import type { JudgedRegime } from './judge-regime.ts'
import { holdsFor, type Proposals, rowsOf } from './rival-file.ts'
import { orderOf, type PlainRival, plainRivals } from './rivals/orders.ts'
import { isSearchable, type TableRow } from './truth-table.ts'

export const tunedRivals = ['vizier', 'optuna', 'prompts + vizier', 'prompts + optuna'] as const
export type Rival = PlainRival | (typeof tunedRivals)[number]

/**
 * How a rival did on all tables. Regret is the best so far beyond the best of the table, the mean over tables; spreads are over
 * seeds.
 */
export interface RaceResult {
  rival: Rival
  tables: number
  seeds: number
  after: { trials: number; regret: number; spread: number | null }[]
  /** Mean trials to within 2 % of the best. */
  trialsToBest: number | null
  /** Point by point, a trial each: mean regret, and what all tables together have cost by then. */
  curve: CurvePoint[]
}

export const looksAfter = [1, 3, 10] as const
const within = 0.02
const plainSeeds = 10

/**
 * Every rival on the same tables; one whose proposals are not recorded for a table as it is now is left out of that table, and
 * counted so.
 */
export function race(judged: readonly JudgedRegime[], proposals: readonly Proposals[]): RaceResult[] {
  const tables = judged.filter(({ table }) => isSearchable(table))
  return [...plainRivals, ...tunedRivals].flatMap((rival) => {
    const runs = tables.map((one) => ordersOf(rival, one, proposals).map((order) => curveOf(one.table, order, one.workload)))
    const raced = runs.filter((curves) => curves.length > 0)
    return raced.length === 0 ? [] : [resultOf(rival, raced)]
  })
}

function ordersOf(rival: Rival, one: JudgedRegime, proposals: readonly Proposals[]): TableRow[][] {
  if (isPlain(rival)) return Array.from({ length: plainSeeds }, (_, seed) => orderOf(rival, one, seed))
  const start = rival.startsWith('prompts') ? 'cards' : 'nothing'
  const tuner = rival.endsWith('vizier') ? 'vizier' : 'optuna'
  return proposals
    .filter((of) => of.regime === one.regime.id && of.tuner === tuner && of.start === start && holdsFor(of, one))
    .map((of) => rowsOf(one.table, of))
}

function isPlain(rival: Rival): rival is PlainRival {
  return (plainRivals as readonly string[]).includes(rival)
}

function resultOf(rival: Rival, raced: readonly CurvePoint[][][]): RaceResult {
  const seeds = Math.min(...raced.map((curves) => curves.length))
  const bySeed = Array.from({ length: seeds }, (_, seed) => raced.flatMap((curves) => (curves[seed] ? [curves[seed]] : [])))
  const longest = Math.max(...raced.flat().map((curve) => curve.length))
  const every = raced.flat()
  const reached = every.flatMap((curve) => trialsToWithin(curve, within) ?? curve.length + 1)
  return {
    rival,
    tables: raced.length,
    seeds,
    after: looksAfter.map((trials) => {
      const regrets = bySeed.map((curves) => mean(curves.map((curve) => afterTrials(curve, trials).regret)) ?? 0)
      return { trials, regret: mean(regrets) ?? 0, spread: spread(regrets) }
    }),
    trialsToBest: mean(reached),
    curve: Array.from({ length: longest }, (_, at) => pointOf(raced, at + 1)),
  }
}

/** Each table counts as the mean over its seeds; costs are summed over the tables. */
function pointOf(raced: readonly CurvePoint[][][], trials: number): CurvePoint {
  const points = raced.map((curves) => {
    const at = curves.map((curve) => afterTrials(curve, trials))
    const of = (pick: (point: CurvePoint) => number) => mean(at.map(pick)) ?? 0
    return { regret: of(({ regret }) => regret), chipHours: of(({ chipHours }) => chipHours), usd: of(({ usd }) => usd) }
  })
  return {
    regret: mean(points.map(({ regret }) => regret)) ?? 0,
    chipHours: points.reduce((sum, { chipHours }) => sum + chipHours, 0),
    usd: points.reduce((sum, { usd }) => sum + usd, 0),
  }
}
