import type { Gain } from '../contract/verdict.ts'
import { type Calibration, calibrated } from './calibrate.ts'
import type { CostModel } from './cost-model.ts'
import type { Timing } from './time/timing.ts'

/** The seconds of a step by what errs together: what two meshes share of a part cancels when they are compared. */
export const stepParts = ['busy', 'sums', 'weights', 'activations', 'keys', 'experts', 'gradients', 'dcn', 'host'] as const

/** A candidate's step as shares of it, and its length; made from a calibrated timing. */
export interface StepShares {
  step: number
  shares: readonly number[]
}

export function stepShares(timing: Timing, calibration: Calibration): StepShares {
  const { step, busy, sums, exposedBy, host, overhead, stretch } = calibrated(timing, calibration)
  const seconds = [
    (busy - sums) * stretch + overhead,
    sums * stretch,
    exposedBy.weights * stretch,
    exposedBy.activations * stretch,
    exposedBy.keys * stretch,
    (exposedBy.experts + exposedBy.expertWeights) * stretch,
    exposedBy.gradients * stretch,
    exposedBy.dcn * stretch,
    host,
  ]
  return { step, shares: seconds.map((part) => part / step) }
}

/**
 * The spread of the error of ln(a ÷ b): every part of a step errs by a factor of its own that the two meshes share, so it counts
 * by how different their shares of it are; `floor` is what no part explains. Fitted to pairs of measured and of replayed meshes
 * whose model the constants had not seen.
 */
export function pairSpread(a: StepShares, b: StepShares, c: CostModel['pair']): number {
  let variance = c.floor ** 2
  for (const [i, part] of stepParts.entries()) variance += (((a.shares[i] ?? 0) - (b.shares[i] ?? 0)) * c[part]) ** 2
  return Math.sqrt(variance)
}

/** Two-sided 90% of a normal distribution. */
const z90 = 1.645

/**
 * How much better a candidate is than the baseline: the ratio of their tokens a second, with its range and the probability that
 * it is above 1.
 */
export function gainOf(ratio: number, spread: number): Gain {
  const round = (value: number) => Number(value.toPrecision(5))
  return {
    ratio: round(ratio),
    low: round(ratio * Math.exp(-z90 * spread)),
    high: round(ratio * Math.exp(z90 * spread)),
    probability: round(normalCdf(Math.log(ratio) / spread)),
  }
}

/** The gain of what ran over itself. */
export const noGain: Gain = { ratio: 1, low: 1, high: 1, probability: 0 }

/** The standard normal's distribution function, to 1e-7 (Abramowitz & Stegun, 7.1.26). */
export function normalCdf(x: number): number {
  const t = 1 / (1 + (0.3275911 * Math.abs(x)) / Math.SQRT2)
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
  const erf = 1 - series * Math.exp((-x * x) / 2)
  return x >= 0 ? (1 + erf) / 2 : (1 - erf) / 2
}
