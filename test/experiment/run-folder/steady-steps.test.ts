import { describe, expect, it } from 'vitest'
import { maxTextSchedule } from '../../../src/experiment/run-folder/maxtext-schedule.ts'
import { describeSteady, steadySteps } from '../../../src/experiment/run-folder/steady-steps.ts'

const never = { profiler: null, evaluationEvery: 0, checkpointEvery: 0 }
const segment = (count: number, seconds: (step: number) => number, first = 0) =>
  Array.from({ length: count }, (_, i) => ({ step: first + i, seconds: seconds(first + i) }))

describe('steadySteps', () => {
  it('leaves out the steps that compile, of every start', () => {
    const slowStart = (first: number) => (step: number) => (step - first < 2 ? 60 : 2)
    const { medianMs, count, apart } = steadySteps([segment(10, slowStart(0)), segment(10, slowStart(8), 8)], never)
    expect(medianMs).toBe(2000)
    expect(apart).toEqual([{ kind: 'compilation', count: 4, medianMs: 60_000 }])
    expect(count).toBe(14)
  })

  it('names evaluation, checkpoint and profiled steps apart, with the step that each lengthens', () => {
    const schedule = maxTextSchedule(
      new Map([
        ['profiler', 'xplane'],
        ['skip_first_n_steps_for_profiler', '5'],
        ['profiler_steps', '3'],
        ['profile_periodically_period', '-1'],
        ['eval_interval', '20'],
        ['enable_checkpointing', 'True'],
        ['checkpoint_period', '25'],
      ]),
    )
    const seconds = (step: number) => {
      if (step < 2) return 50
      if (step >= 5 && step <= 8) return 3
      if (step % 20 === 0) return 30
      return step % 25 === 1 ? 12 : 2
    }
    const steady = steadySteps([segment(80, seconds)], schedule)
    expect(steady.medianMs).toBe(2000)
    expect(steady.apart).toEqual([
      { kind: 'compilation', count: 2, medianMs: 50_000 },
      { kind: 'profiled', count: 4, medianMs: 3000 },
      { kind: 'evaluation', count: 3, medianMs: 30_000 },
      { kind: 'checkpoint', count: 3, medianMs: 12_000 },
    ])
    expect(describeSteady(steady)).toBe(
      'measured step time 2.00 s: the median of 68 steps, without 2 compilation (50.0 s each), 4 profiled (3.00 s each), 3 evaluation (30.0 s each), 3 checkpoint (12.0 s each)',
    )
  })

  it('takes a checkpoint at every step as part of the step', () => {
    const steady = steadySteps([segment(20, () => 4)], { ...never, checkpointEvery: 1 })
    expect(steady).toMatchObject({ medianMs: 4000, apart: [{ kind: 'compilation' }] })
  })

  it('has no time where only the first step is there, and counts a step done again once', () => {
    expect(steadySteps([segment(1, () => 9)], never).medianMs).toBeNull()
    expect(steadySteps([], never).medianMs).toBeNull()
    expect(steadySteps([segment(3, () => 9)], never).count).toBe(2)
  })

  it('profiles again and again where the settings say so', () => {
    const schedule = { ...never, profiler: { skip: 2, steps: 1, period: 10 } }
    const steady = steadySteps([segment(30, (step) => (step % 10 === 2 || step % 10 === 3 ? 7 : 1))], schedule)
    expect(steady.medianMs).toBe(1000)
    expect(steady.apart.find((one) => one.kind === 'profiled')).toMatchObject({ count: 6, medianMs: 7000 })
  })
})

describe('maxTextSchedule', () => {
  it('takes no profiler for none', () => {
    expect(maxTextSchedule(new Map([['profiler', 'ProfilerType.NONE']])).profiler).toBeNull()
    expect(maxTextSchedule(new Map([['profiler', 'ProfilerType.XPLANE']])).profiler).toEqual({ skip: 1, steps: 5, period: 0 })
  })
})
