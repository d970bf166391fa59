import type { Kpis } from '../contract/profile-report.ts'
import type { CostModel } from './cost-model.ts'
import { checkMeasuredStep, checkShares } from './impossible.ts'
import type { Timing } from './time/timing.ts'
import { stepOf } from './time/timing.ts'
import { timeKindOf, timeRange } from './time-errors.ts'
import type { Workload } from './workload.ts'

/**
 * What measurements say about the predictions: each predicted part is multiplied by its factor, the range by `low` and `high`.
 */
export interface Calibration {
  busy: number
  /** For exposed communication up to what was predicted for the baseline; what a mesh exposes beyond that was never measured. */
  exposed: number
  exposedBeyond: number
  /** What was predicted to be exposed on the baseline, seconds. */
  exposedMeasured: number
  host: number
  overhead: number
  /** Seconds of a step in which the device waits for the host's input, as measured: no mesh changes them. */
  waiting: number
  /** What outcomes say of kinds of mesh, on top; by the axes that a mesh uses (see `meshKind`). */
  meshFactors: Readonly<Record<string, number>>
  /** The 90% range as factors of the predicted step. */
  low: number
  high: number
  /** What the factors rest on, for the notes of a diagnosis. */
  notes: string[]
}

/** Parts of a predicted step below this share of it say too little to be scaled by their own measurement. */
const smallPart = 0.02
const factorLimits = [0.2, 5] as const
const exposedFactorLimits = [0.01, 5] as const

/** No measurement: predictions as they are, with the range of held-back errors of the job's kind. */
export function uncalibrated(workload: Pick<Workload, 'phase' | 'run' | 'model' | 'framework'>): Calibration {
  const { low, high } = timeRange(timeKindOf(workload))
  return {
    busy: 1,
    exposed: 1,
    exposedBeyond: 1,
    exposedMeasured: 0,
    host: 1,
    overhead: 1,
    waiting: 0,
    meshFactors: {},
    low,
    high,
    notes: [],
  }
}

/** Shares of the measured step: idle for want of input (with infeed and outfeed), and copies to and from host memory. */
export interface HostShares {
  idle: number
  copies: number
}

/**
 * Anchors predictions to the baseline that ran. Its measured step is split by the profile into exposed communication, copies to
 * and from the host, waiting for the host, and the rest, during which the device computes. What the device waits beyond the
 * predicted overhead and pipeline bubble stays as it is on every mesh; the others scale their predicted parts. A part the profile
 * does not tell, or that is too small, takes the factor of the whole. Without a profile the measured step time scales everything.
 * Throws `impossible_measurement` for figures that the hardware cannot reach.
 */
export function calibrateToProfile(options: {
  workload: Workload
  /** The uncalibrated prediction for the mesh that ran. */
  predicted: Timing
  kpis: Kpis | null
  /** Null where the profile does not tell. */
  hostShares?: HostShares | null
  constants: CostModel
}): Calibration {
  const { workload, predicted, kpis, hostShares = null, constants } = options
  if (kpis) checkShares(kpis)
  const measuredMs = kpis?.step_time_ms ?? measuredStepMs(workload)
  if (measuredMs === null) return uncalibrated(workload)
  checkMeasuredStep(workload, measuredMs)
  const { calibrated_low: low, calibrated_high: high } = constants.range
  const measured = measuredMs / 1000
  const { waiting, copies } = hostTime(hostShares, measured, predicted)
  const running = measured - waiting
  const whole = clamp(running / predicted.step)
  const wait = waiting > 0 ? `, of which ${ms(waiting)} ms wait for the host on any mesh` : ''
  const notes = [`measured step ${ms(measured)} ms${wait}, predicted ${ms(predicted.step)} ms: factor ${whole.toFixed(2)}`]
  const rest = { meshFactors: {}, low, high, notes }
  const exposedShare = kpis?.exposed_communication_share ?? null
  if (exposedShare === null)
    return {
      ...{ busy: whole, exposed: whole, exposedBeyond: whole, exposedMeasured: 0, host: whole, waiting, ...rest },
      overhead: overheadFactor(whole, running - whole * predicted.step, predicted),
    }

  const predictedExposed = predicted.exposed * predicted.stretch
  const measuredExposed = exposedShare * measured
  // a baseline that hides what was predicted to be exposed must say so too, or other meshes would gain by losing what is not
  // there
  const exposed = predictedExposed >= smallPart * predicted.step ? clamp(measuredExposed / predictedExposed, exposedFactorLimits) : whole
  const host = copies !== null && predicted.host > smallPart * predicted.step ? clamp(copies / predicted.host) : whole
  const others = exposed * predictedExposed + host * predicted.host
  const working = predicted.step - predictedExposed - predicted.host
  const busy = clamp((running - others) / working)
  notes.push(
    `exposed communication measured ${ms(measuredExposed)} ms, predicted ${ms(predictedExposed)} ms; compute factor ${busy.toFixed(2)}`,
  )
  return {
    ...{ busy, exposed, exposedBeyond: Math.max(exposed, busy), exposedMeasured: predictedExposed, host, waiting, ...rest },
    overhead: overheadFactor(busy, running - others - busy * working, predicted),
  }
}

/**
 * The factor of the overhead. Where the factor of what is computed is at its limit, the rest of the measured step still has to be
 * somewhere, or the mesh that ran would come out other than it ran: it is in the overhead, which every mesh has.
 */
function overheadFactor(factor: number, left: number, predicted: Timing): number {
  return predicted.overhead > 0 ? Math.max(0, factor + left / predicted.overhead) : factor
}

/**
 * Of a measured step, seconds: what it waits for the host beyond what is predicted to be idle anyway, and its copies to and from
 * the host.
 */
function hostTime(shares: HostShares | null, measured: number, predicted: Timing): { waiting: number; copies: number | null } {
  if (shares === null) return { waiting: 0, copies: null }
  const bubble = (predicted.busy + predicted.exposed) * (predicted.stretch - 1)
  const copies = shares.copies * measured
  // copies that nothing predicts are waited for as input is
  const idle = shares.idle * measured + (predicted.host > smallPart * predicted.step ? 0 : copies)
  const waiting = idle - predicted.overhead - bubble
  return { waiting: waiting > smallPart * measured ? waiting : 0, copies }
}

/** The step time an experiment states, ms: a step, a time to first token or a time per output token. */
export function measuredStepMs({ phase, measured }: Workload): number | null {
  const served = phase === 'prefill' ? measured.ttft_ms : phase === 'decode' ? measured.tpot_ms : undefined
  return measured.step_time_ms ?? served ?? null
}

/** The seconds of a predicted step with its parts scaled: what `calibrated` gives as `step`, without making the rest. */
export function calibratedStep(timing: Timing, c: Calibration): number {
  return (
    timing.busy * c.busy * timing.stretch + calibratedExposed(timing, c) + timing.host * c.host + c.waiting + timing.overhead * c.overhead
  )
}

/** Seconds of exposed communication, the pipeline's stretch included. */
function calibratedExposed(timing: Timing, c: Calibration): number {
  const predicted = timing.exposed * timing.stretch
  return predicted <= c.exposedMeasured
    ? predicted * c.exposed
    : c.exposedMeasured * c.exposed + (predicted - c.exposedMeasured) * c.exposedBeyond
}

/** A predicted step with its parts scaled. */
export function calibrated(timing: Timing, c: Calibration): Timing {
  const exposed = calibratedExposed(timing, c) / timing.stretch
  const by = timing.exposed > 0 ? exposed / timing.exposed : 1
  const { weights, activations, keys, expertWeights, experts, gradients, dcn } = timing.exposedBy
  const scaled = stepOf({
    busy: timing.busy * c.busy,
    sums: timing.sums * c.busy,
    compute: timing.compute * c.busy,
    hbm: timing.hbm * c.busy,
    communication: timing.communication - timing.exposed + exposed,
    exposed,
    exposedBy: {
      weights: weights * by,
      activations: activations * by,
      keys: keys * by,
      expertWeights: expertWeights * by,
      experts: experts * by,
      gradients: gradients * by,
      dcn: dcn * by,
    },
    host: timing.host * c.host + c.waiting,
    stretch: timing.stretch,
    overhead: timing.overhead * c.overhead,
  })
  return { ...scaled, communication: Math.min(scaled.communication, scaled.step) }
}

function clamp(factor: number, [low, high]: readonly [number, number] = factorLimits): number {
  return Math.min(high, Math.max(low, factor))
}

function ms(seconds: number): string {
  return (seconds * 1000).toFixed(seconds < 0.1 ? 2 : 0)
}
