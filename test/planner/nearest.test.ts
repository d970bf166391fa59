import { describe, expect, it } from 'vitest'
import { planSchema } from '../../src/contract/verdict.ts'
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
    const changed = verdictOfMesh(workload, nearest!.mesh, nearest!.dcn, nearest!.change!)
    expect(changed.memory).toEqual(nearest!.verdict!.memory)
    // without the change it is what the plan says of the mesh
    expect(verdictOfMesh(workload, nearest!.mesh, nearest!.dcn).memory!.required_gib).toBeCloseTo(nearest!.required_gib, 3)
  })

  it('has no change where none helps', () => {
    const { nearest } = planExperiment({ workload: tight({ model: 'llama3.1-405b' }), clock })
    expect(nearest).toMatchObject({ change: null, verdict: null })
  })
})
