import { describe, expect, it } from 'vitest'
import { planSchema } from '../../src/contract/verdict.ts'
import { nearestWords } from '../../src/planner/describe-nearest.ts'
import { planExperiment } from '../../src/planner/plan.ts'
import { verdictOfMesh } from '../../src/planner/verdict-of.ts'
import { workloadOf } from './workloads.ts'

const clock = () => 0
const tight = (run: Parameters<typeof workloadOf>[0] & object = {}) =>
  workloadOf({ chip: 'v5e', topology: '4x4', model: 'llama2-7b', run: { global_batch: 64, seq_len: 4096, remat: 'minimal' }, ...run })

describe('what comes nearest', () => {
  it('is not asked for where something is clear of the limit', () => {
    expect(planExperiment({ workload: workloadOf(), clock }).nearest).toBeNull()
  })

  it('is the mesh that needs least with the change of one setting that makes it fit, computed', () => {
    const workload = tight()
    const plan = planExperiment({ workload, clock })
    expect(planSchema.parse(plan)).toEqual(plan)
    const { nearest } = plan
    expect(nearest).not.toBeNull()
    expect(nearest!.required_gib).toBeGreaterThan(nearest!.available_gib)
    expect(Object.keys(nearest!.change!)).toHaveLength(1)
    expect(nearest!.verdict!.memory!.probability).toBeGreaterThanOrEqual(0.5)
    const changed = verdictOfMesh(workload, nearest!.mesh, nearest!.dcn, { changes: nearest!.change! })
    expect(changed.memory).toEqual(nearest!.verdict!.memory)
    // without the change it is what the plan says of the mesh
    expect(verdictOfMesh(workload, nearest!.mesh, nearest!.dcn).memory!.required_gib).toBeCloseTo(nearest!.required_gib, 3)
  })

  it('has no change where none helps', () => {
    const { nearest } = planExperiment({ workload: tight({ model: 'llama3.1-405b' }), clock })
    expect(nearest).toMatchObject({ change: null, verdict: null })
  })

  it('is said with the next larger slice on which the job fits as it is', () => {
    const run = { global_batch: 32, seq_len: 4096, remat: 'minimal' }
    const workload = tight({ run })
    expect(workload.larger).toMatchObject({ name: 'v5e-32', devices: 32 })
    const { larger } = planExperiment({ workload, clock }).nearest!
    expect(larger).toMatchObject({ slice: 'v5e-32' })
    const there = tight({ run, topology: 'v5e-32' })
    const verdict = verdictOfMesh(there, larger!.mesh, larger!.dcn)
    expect(verdict.memory).toMatchObject({ fits: true, required_gib: larger!.required_gib })
    expect(planExperiment({ workload: tight({ model: 'llama3.1-405b' }), clock }).nearest!.larger).toBeNull()
  })
})

describe('what comes nearest to a latency that nothing meets', () => {
  const decode = (tpot_ms: number) => ({
    ...workloadOf({
      phase: 'decode',
      framework: 'vllm',
      chip: 'v6e',
      topology: '2x4',
      model: 'llama3.1-8b',
      run: { global_batch: 256, seq_len: 4096 },
    }),
    slo: { tpot_ms },
  })

  it('is said with the change that meets it and costs the least throughput', () => {
    const [fastest] = planExperiment({ workload: decode(1e6), clock }).ranked
    const step = fastest!.estimate!.tpot_ms!
    expect(planExperiment({ workload: decode(step), clock }).nearest).toBeNull()
    const { nearest, ranked } = planExperiment({ workload: decode(step * 0.8), clock })
    expect(nearest!.verdict!.estimate!.tpot_ms).toBeLessThanOrEqual(step * 0.8)
    expect(Object.keys(nearest!.change!)).toHaveLength(1)
    expect(nearestWords({ nearest, ranked })).toMatch(/^The smallest change that meets it: /)
  })

  it('has no change where none meets it', () => {
    expect(planExperiment({ workload: decode(1e-3), clock }).nearest).toMatchObject({ change: null, verdict: null, larger: null })
  })
})
