import { describe, expect, it } from 'vitest'
import { noKpis } from '../../src/agents/situation.ts'
import type { Mesh } from '../../src/contract/mesh.ts'
import type { Kpis } from '../../src/contract/profile-report.ts'
import { PromptsError } from '../../src/errors.ts'
import { calibrated } from '../../src/planner/calibrate.ts'
import { calibrateWorkload, jobOf } from '../../src/planner/calibrate-workload.ts'
import { floorStepMs } from '../../src/planner/impossible.ts'
import { correctionOf, type Outcome, type OutcomeKind } from '../../src/planner/outcomes.ts'
import { planExperiment } from '../../src/planner/plan.ts'
import { verdictOfMesh } from '../../src/planner/verdict-of.ts'
import { figuresOf } from './figures.ts'
import { workloadOf } from './workloads.ts'

const kpis = (values: Partial<Kpis>): Kpis => ({ ...noKpis, ...values })

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

  it('charges what a mesh exposes beyond a baseline that hid everything', () => {
    const hidden = calibrateWorkload({ workload, kpis: kpis({ step_time_ms: predicted.step * 1000, exposed_communication_share: 0 }) })
    const tensor = figuresOf(workload, { data: 8, model: 8 }).timing
    expect(tensor.exposed).toBeGreaterThan(1.5 * predicted.exposed)
    // the part that the baseline hid is not there; what lies beyond it was never measured, and counts as compute does
    const beyond = (tensor.exposed - predicted.exposed) * tensor.stretch
    expect(calibrated(tensor, hidden).exposed * tensor.stretch).toBeGreaterThan(0.9 * beyond * hidden.busy)
    expect(calibrated(predicted, hidden).exposed).toBeLessThan(0.05 * predicted.exposed)
  })

  it.each([0.05, 0.3, 3, 40])('gives it back where it is %s times what was predicted, beyond what factors may be', (times) => {
    const small = { ...workloadOf({ run: { global_batch: 64, seq_len: 128 } }), mesh: { data: 16, model: 4 } }
    const timing = figuresOf(small, { data: 16, model: 4 }).timing
    const measuredMs = Math.max(timing.step * times, 1.1 * (timing.busy * timing.stretch + timing.exposed)) * 1000
    const whole = calibrateWorkload({ workload: { ...small, measured: { step_time_ms: measuredMs } } })
    expect(calibrated(timing, whole).step * 1000).toBeCloseTo(measuredMs, 3)
    const parts = calibrateWorkload({ workload: small, kpis: kpis({ step_time_ms: measuredMs, exposed_communication_share: 0.1 }) })
    expect(calibrated(timing, parts).step * 1000).toBeCloseTo(measuredMs, 3)
  })

  it('leaves what the device waits for the host as it is on every mesh, and out of the compute factor', () => {
    const measuredMs = predicted.step * 1000 * 2
    const calibration = calibrateWorkload({
      workload,
      kpis: kpis({ step_time_ms: measuredMs, exposed_communication_share: predicted.exposed / (2 * predicted.step) }),
      hostShares: { idle: 0.5, copies: 0 },
    })
    expect(calibrated(predicted, calibration).step * 1000).toBeCloseTo(measuredMs, 3)
    expect(calibration.busy).toBeCloseTo(1, 1)
    expect(calibration.waiting).toBeCloseTo(predicted.step - predicted.overhead, 6)
    const fsdp = figuresOf(workload, { data: 64 }).timing
    expect(calibrated(fsdp, calibration).step - fsdp.step).toBeGreaterThan(0.9 * calibration.waiting)
    expect(calibrated(fsdp, calibration).host).toBeCloseTo(calibration.waiting, 6)
    expect(calibration.notes[0]).toMatch(/wait for the host on any mesh/)
    // gaps that the planner predicts are no waiting
    expect(calibrateWorkload({ workload, kpis: kpis({ step_time_ms: measuredMs }), hostShares: { idle: 0.001, copies: 0 } }).waiting).toBe(
      0,
    )
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
  const job = { family: 'v6e train dense', model: 'llama3.1-8b' }
  const of = (measured: number, kind: Partial<OutcomeKind> = {}) => ({ ...job, mesh: 'data', ...kind, predicted: 100, measured })
  const moved = (outcomes: Outcome[], kind: Partial<OutcomeKind> = {}) => {
    const { factor, byMesh } = correctionOf(outcomes, { ...job, ...kind }, prior)
    return factor * (byMesh[kind.mesh ?? 'data'] ?? 1)
  }

  it('shrink towards no correction when they are few', () => {
    expect(moved([of(120)])).toBeGreaterThan(1)
    expect(moved([of(120)])).toBeLessThan(moved(Array(40).fill(of(120))))
    expect(moved(Array(40).fill(of(120)))).toBeCloseTo(1.2, 2)
    expect(correctionOf([], job, prior)).toEqual({ factor: 1, byMesh: {}, anchored: {}, ...prior, count: 0 })
  })

  it('take over a third of a steady error after three of the same job', () => {
    expect(Math.log(moved([of(130), of(130), of(130)])) / Math.log(1.3)).toBeGreaterThan(0.6)
  })

  it('move the same model on another mesh less, another model less than that, and another family not at all', () => {
    const three = [of(130), of(130), of(130)]
    const [same, otherMesh, otherModel] = [
      moved(three),
      moved(three, { mesh: 'data+model' }),
      moved(three, { model: 'llama2-7b', mesh: 'data+model' }),
    ]
    expect(same).toBeGreaterThan(otherMesh)
    expect(otherMesh).toBeGreaterThan(otherModel)
    expect(otherModel).toBeGreaterThan(1)
    for (const family of ['v5p train dense', 'v6e decode dense', 'v6e train experts']) expect(moved(three, { family })).toBe(1)
  })

  it('change the order of a job that was measured, and not its own step', () => {
    const measured = { ...workloadOf(), mesh: { data: 16, model: 4 }, measured: { step_time_ms: 30_000 } }
    const own = { ...jobOf(measured), predicted: 100 }
    const outcomes = Array.from({ length: 5 }, () => ({ ...own, mesh: 'data', measured: 150 }))
    const step = (mesh: Mesh, learned: Outcome[]) =>
      verdictOfMesh(measured, mesh, {}, { calibration: calibrateWorkload({ workload: measured, outcomes: learned }) }).estimate!
        .step_time_ms
    expect(step({ data: 16, model: 4 }, outcomes)).toBeCloseTo(step({ data: 16, model: 4 }, []), 6)
    expect(step({ data: 64 }, outcomes)).toBeGreaterThan(1.1 * step({ data: 64 }, []))
  })

  it('narrow the range when they agree, and widen it when they do not', () => {
    const agreeing = correctionOf(Array(20).fill(of(110)), job, prior)
    expect(agreeing.high / agreeing.low).toBeLessThan(prior.high / prior.low)
    const scattered = correctionOf(
      [50, 200, 60, 180, 55, 190, 52, 210].map((measured) => of(measured)),
      job,
      prior,
    )
    expect(scattered.high / scattered.low).toBeGreaterThan(prior.high / prior.low)
  })

  it('that are not positive numbers are left out', () => {
    expect(correctionOf([{ ...of(10), predicted: 0 }, of(Number.NaN)], job, prior).count).toBe(0)
  })
})
