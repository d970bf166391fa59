import { describe, expect, it } from 'vitest'
import type { Mesh } from '../../src/contract/mesh.ts'
import { explainMesh } from '../../src/planner/explain.ts'
import { planExperiment } from '../../src/planner/plan.ts'
import { verdictOfMesh } from '../../src/planner/verdict-of.ts'
import type { Workload } from '../../src/planner/workload.ts'
import { workloadOf } from './workloads.ts'

const clock = () => 0

function explained(workload: Workload, mesh: Mesh): string {
  const { ranked } = planExperiment({ workload, clock })
  return explainMesh({ workload, verdict: verdictOfMesh(workload, mesh), ranked })
}

describe('why a mesh is not among the first', () => {
  const small = workloadOf({ chip: 'v5e', topology: '4x4', model: 'llama2-7b', run: { global_batch: 64, seq_len: 2048 } })

  it('names the rule it breaks with both numbers', () => {
    expect(explained(workloadOf(), { data: 4, model: 16 })).toMatch(/^data=4 · model=16 cannot run: KV heads 8 do not divide by model=16/)
  })

  it('names the memory it lacks and the largest part', () => {
    expect(explained(small, { replica: 16 })).toMatch(
      /does not fit: it needs \d+\.\d GiB of 15\.8 GiB, most of it optimizer \(\d+\.\d GiB\)/,
    )
  })

  it('names what makes it slower than the best', () => {
    const text = explained(small, { data: 2, model: 8 })
    expect(text).toMatch(
      /^data=2 · model=8 \(number \d+ of \d+ legal meshes\) is predicted at .* per step against .* per step for [a-z0-9=· ]+: exposed communication takes .*, .* more\.$/,
    )
  })

  it('says where it stands when it is among the first', () => {
    const { ranked } = planExperiment({ workload: small, clock })
    expect(explained(small, ranked[1]!.mesh)).toMatch(/ is number 2: \d\.\d+ s per step, \d+\.\d GiB of 15\.8 GiB\.$/)
  })

  it('says that it does not fill the slice', () => {
    expect(explained(small, { data: 8 })).toMatch(/cannot run: data 8 = 8, but the slice has 16 devices/)
  })
})
