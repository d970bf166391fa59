import { describe, expect, it } from 'vitest'
import type { Situation } from '../../src/agents/situation.ts'
import { verify } from '../../src/agents/verifier.ts'
import type { Run } from '../../src/contract/experiment.ts'
import { uncalibrated } from '../../src/planner/calibrate.ts'
import type { Workload } from '../../src/planner/workload.ts'
import { llamaExperiment } from '../runs/service-fixture.ts'
import { exampleWorkload } from '../support/workload.ts'

const objections = (tune: Workload['tune'], changes: Partial<Run>) => {
  const workload = exampleWorkload()
  workload.tune = tune
  const situation: Situation = { experiment: llamaExperiment, workload, report: null, calibration: uncalibrated(workload), baseline: null }
  return verify(situation, { mesh: workload.mesh!, dcn: {}, changes }).objections
}

describe('verify', () => {
  it('refuses a change that the experiment does not let vary', () => {
    expect(objections(['mesh'], {})).toEqual([])
    expect(objections(['mesh'], { remat: 'minimal' })).toEqual(["run.remat may not change: the experiment's tune is mesh"])
    expect(objections(['mesh', 'offload'], { remat: 'minimal' })).toHaveLength(1)
  })

  it('lets offload vary the one flag, and no other with it', () => {
    expect(objections(['offload'], { flags: { optimizer_memory_host_offload: 'true' } })).toEqual([])
    expect(objections(['offload'], { flags: { optimizer_memory_host_offload: 'true', xla_tpu_x: 'true' } })).toEqual([
      "run.flags.xla_tpu_x may not change: the experiment's tune is offload",
    ])
  })

  it('refuses a remat policy that nobody knows', () => {
    expect(objections(['mesh', 'remat'], { remat: 'qkv_proj_offloaded' })).toEqual([])
    expect(objections(['mesh', 'remat'], { remat: 'dreamt_up' })).toEqual(['remat "dreamt_up" is not a policy that we know'])
  })
})
