import { describe, expect, it } from 'vitest'
import { programsOf } from '../../src/profile/programs.ts'
import { spansOf, summarizeSteps, timedSteps } from '../../src/profile/steps.ts'
import { Windows } from '../../src/profile/windows.ts'
import { cpuMs } from '../support/cpu-ms.ts'

const ms = 1e9
const mark = (id: number, at: number, long: number) => ({ id, durationPs: long * ms, startPs: at * ms, endPs: (at + long) * ms })

describe('steps', () => {
  it('last from their marker to the next one', () => {
    const steps = timedSteps([0, 1, 2, 3].map((id) => mark(id, id * 100, 70)))
    expect(steps.map((step) => step.timePs / ms)).toEqual([100, 100, 100, 100])
    expect(new Windows(spansOf(steps, 370 * ms)).totalPs / ms).toBe(370)
  })

  it('that are slow are told and are in no window', () => {
    const steps = timedSteps([mark(0, 0, 90), mark(1, 90, 90), mark(2, 180, 990), mark(3, 1170, 90), mark(4, 1260, 90)])
    expect(steps.map((step) => step.slow)).toEqual([false, false, true, false, false])
    expect(new Windows(spansOf(steps, 1350 * ms)).totalPs / ms).toBe(360)
    expect(summarizeSteps([{ steps }])).toMatchObject({ medianMs: 90, maxMs: 990, slow: [{ place: 2, ms: 990 }] })
  })

  it('that were lost do not make the one before them long', () => {
    const steps = timedSteps([mark(0, 0, 100), mark(1, 100, 100), mark(4, 400, 100), mark(5, 500, 100)])
    expect(steps.map((step) => step.timePs / ms)).toEqual([100, 100, 100, 100])
  })

  it('of which there are very many cost no more than they are', async () => {
    const marks = Array.from({ length: 100_000 }, (_, index) => mark(index * 2, index * 100, 100))
    expect(await cpuMs(() => summarizeSteps([{ steps: timedSteps(marks) }]))).toBeLessThan(5000)
  })

  it('of hosts that count from different numbers go by their places', () => {
    const host = (first: number) => ({ steps: timedSteps([0, 1, 2].map((id) => mark(first + id, id * 100, 100))) })
    expect(summarizeSteps([host(0), host(3)])).toMatchObject({ total: 3, full: 3, medianMs: 100 })
  })
})

describe('programs without markers', () => {
  const run = (program: string, at: number, long: number) => ({ program, from: at * ms, to: (at + long) * ms })

  it('stand for steps, each up to the next; what ran once before them does not', () => {
    const { programs, spans } = programsOf([
      run('jit_init(1)', 0, 400),
      ...[0, 1, 2, 3].map((at) => run('jit_f(2)', 10_000 + at * 100, 80)),
    ])
    expect(new Windows(spans).totalPs / ms).toBe(380)
    expect(programs.find((program) => program.main)).toMatchObject({ name: 'jit_f', count: 4, periodPs: 100 * ms })
  })

  it('may be several', () => {
    const { spans } = programsOf([run('d', 0, 2), run('p', 3, 9), run('d', 13, 2), run('d', 16, 2), run('p', 19, 9), run('d', 29, 2)])
    expect(new Windows(spans).totalPs / ms).toBe(31)
  })
})
