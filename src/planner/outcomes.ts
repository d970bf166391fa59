import type { Calibration } from './calibrate.ts'

/** One adopted proposal: what was predicted for it, and what it measured later. */
export interface Outcome {
  predicted: number
  measured: number
}

/** How much a tenant's outcomes correct its predictions. */
export interface OutcomeCorrection {
  /** Multiplies predicted steps. */
  factor: number
  /** The 90 % range, as factors of the corrected step. */
  low: number
  high: number
  count: number
}

/** Outcomes that the prior (a factor of 1, the model's own range) counts for. */
const priorCount = 4
/** Two-sided 90 % of a normal. */
const z90 = 1.645

/**
 * The mean log ratio of measured to predicted, shrunk towards none by the number of outcomes, and a range of the spread that is left:
 * the prior's spread and the outcomes' pooled, each by its count. Outcomes that are not positive numbers are left out.
 */
export function correctionOf(outcomes: readonly Outcome[], prior: Pick<Calibration, 'low' | 'high'>): OutcomeCorrection {
  const logs = outcomes
    .filter((o) => o.predicted > 0 && o.measured > 0 && Number.isFinite(o.measured / o.predicted))
    .map((o) => Math.log(o.measured / o.predicted))
  const count = logs.length
  const mean = logs.reduce((sum, log) => sum + log, 0) / (count + priorCount)
  const priorSpread = Math.log(prior.high / prior.low) / (2 * z90)
  let squares = priorCount * priorSpread ** 2
  for (const log of logs) squares += (log - mean) ** 2
  const spread = Math.sqrt(squares / (count + priorCount)) * Math.sqrt(1 + 1 / (count + priorCount))
  if (count === 0) return { factor: 1, low: prior.low, high: prior.high, count }
  return { factor: Math.exp(mean), low: Math.exp(-z90 * spread), high: Math.exp(z90 * spread), count }
}

/** A calibration with a tenant's correction on top. */
export function withOutcomes(calibration: Calibration, outcomes: readonly Outcome[]): Calibration {
  const correction = correctionOf(outcomes, calibration)
  if (correction.count === 0) return calibration
  const { factor, low, high, count } = correction
  return {
    busy: calibration.busy * factor,
    exposed: calibration.exposed * factor,
    exposedBeyond: calibration.exposedBeyond * factor,
    exposedMeasured: calibration.exposedMeasured,
    host: calibration.host * factor,
    overhead: calibration.overhead * factor,
    low,
    high,
    notes: [...calibration.notes, `${count} recorded outcome${count === 1 ? '' : 's'}: factor ${factor.toFixed(2)}`],
  }
}
