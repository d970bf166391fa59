import { describe, expect, it } from 'vitest'
import type { Kpis } from '../../src/contract/profile-report.ts'
import { PromptsError } from '../../src/errors.ts'
import { calibrated } from '../../src/planner/calibrate.ts'
import { calibrateWorkload } from '../../src/planner/calibrate-workload.ts'
import { floorStepMs } from '../../src/planner/impossible.ts'
import { correctionOf } from '../../src/planner/outcomes.ts'
import { planExperiment } from '../../src/planner/plan.ts'
import { figuresOf } from './figures.ts'
import { workloadOf } from './workloads.ts'

const kpis = (values: Partial<Kpis>): Kpis => ({
  step_time_ms: null,
  duty_cycle: null,
  mxu_utilization: null,
  hbm_bandwidth_utilization: null,
  communication_share: null,
  exposed_communication_share: null,
  roofline_efficiency: null,
  peak_hbm_gib: null,
  mfu: null,
  ...values,
})

const workload = { ...workloadOf(), mesh: { data: 16, model: 4 } }
const predicted = figuresOf(workload, { data: 16, model: 4 }).timing

describe('calibration to the baseline', () => {
  it('gives back the measured step for the mesh that ran', () => {
    const measuredMs = predicted.step * 1000 * 1.4
    const whole = calibrateWorkload({ workload: { ...workload, measured: { step_time_ms: measuredMs } } })
    expect(calibrated(predicted, whole).step * 1000).toBeCloseTo(measuredMs, 3)
    const parts = calibrateWorkload({ workload, kpis: kpis({ step_time_ms: measuredMs, exposed_communication_share: 0.3 }) })
    const timing = calibrated(predicted, parts)
    expect(timing.step * 1000).toBeCloseTo(measuredMs, 3)
    expect(timing.exposed / timing.step).toBeCloseTo(0.3, 3)
  })

  it('moves another mesh by what its own parts are', () => {
    const measuredMs = predicted.step * 1000
    const share = (2 * predicted.exposed) / predicted.step
    const calibration = calibrateWorkload({ workload, kpis: kpis({ step_time_ms: measuredMs, exposed_communication_share: share }) })
    const fsdp = figuresOf(workload, { data: 64 }).timing
    // twice the exposed communication at the same step: compute was faster than predicted, so a mesh that communicates less gains
    expect(calibration.exposed).toBeCloseTo(2, 6)
    expect(calibrated(fsdp, calibration).step).toBeLessThan(fsdp.step)
  })

  it('narrows the range', () => {
    const free = calibrateWorkload({ workload })
    const anchored = calibrateWorkload({ workload: { ...workload, measured: { step_time_ms: predicted.step * 1000 } } })
    expect(free).toMatchObject({ busy: 1, exposed: 1, host: 1 })
    expect(anchored.notes).toHaveLength(1)
  })
})

describe('measurements above peak', () => {
  const refused = (run: () => unknown): PromptsError => {
    try {
      run()
    } catch (error) {
      if (error instanceof PromptsError) return error
    }
    throw new Error('nothing was refused')
  }

  it('are refused with the arithmetic', () => {
    const tooFast = floorStepMs(workload).ms * 0.9
    const error = refused(() => calibrateWorkload({ workload: { ...workload, measured: { step_time_ms: tooFast } } }))
    expect(error.code).toBe('impossible_measurement')
    expect(error.message).toMatch(/TFLOP ÷ \(64 chips × 459 TFLOP\/s\) = [\d.e+]+ ms/)
    expect(error.message).toMatch(/MFU of 111%/)
  })

  it('are refused without a mesh too, and when a profile says so', () => {
    const tooFast = floorStepMs(workload).ms * 0.5
    expect(refused(() => calibrateWorkload({ workload: { ...workload, mesh: null, measured: { step_time_ms: tooFast } } })).code).toBe(
      'impossible_measurement',
    )
    expect(refused(() => calibrateWorkload({ workload, kpis: kpis({ mfu: 1.3 }) })).message).toMatch(/mfu is 130%/)
    expect(refused(() => planExperiment({ workload: { ...workload, measured: { step_time_ms: 1 } }, clock: () => 0 })).code).toBe(
      'impossible_measurement',
    )
  })

  it('of decoding are judged by the bytes of the weights', () => {
    const decode = workloadOf({ phase: 'decode', model: 'llama3.1-8b', run: { global_batch: 1, seq_len: 128, weight_dtype: 'bf16' } })
    expect(floorStepMs(decode).arithmetic).toMatch(/GB of weights ÷ \(64 chips × 2765 GB\/s\)/)
  })
})

describe('recorded outcomes', () => {
  const prior = { low: 0.8, high: 1.25 }

  it('shrink towards no correction when they are few', () => {
    const outcome = { predicted: 100, measured: 120 }
    const one = correctionOf([outcome], prior).factor
    const many = correctionOf(Array(40).fill(outcome), prior).factor
    expect(one).toBeGreaterThan(1)
    expect(one).toBeLessThan(many)
    expect(many).toBeCloseTo(1.2, 1)
    expect(correctionOf([], prior)).toEqual({ factor: 1, ...prior, count: 0 })
  })

  it('narrow the range when they agree, and widen it when they do not', () => {
    const agreeing = correctionOf(Array(20).fill({ predicted: 100, measured: 110 }), prior)
    expect(agreeing.high / agreeing.low).toBeLessThan(prior.high / prior.low)
    const scattered = correctionOf(
      [50, 200, 60, 180, 55, 190, 52, 210].map((measured) => ({ predicted: 100, measured })),
      prior,
    )
    expect(scattered.high / scattered.low).toBeGreaterThan(prior.high / prior.low)
  })

  it('that are not positive numbers are left out', () => {
    expect(
      correctionOf(
        [
          { predicted: 0, measured: 10 },
          { predicted: 10, measured: Number.NaN },
        ],
        prior,
      ).count,
    ).toBe(0)
  })
})
