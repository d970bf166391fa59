import type { Run } from '../../contract/experiment.ts'
import type { Mesh } from '../../contract/mesh.ts'
import type { Physical } from '../../contract/verdict.ts'
import type { ResolvedModel } from '../../planner/model/resolved-model.ts'
import type { ResolvedRun } from '../../planner/workload.ts'

/** What a snippet is written from: a proposal, and the run as it will be with the proposal's changes. */
export interface SnippetInput {
  mesh: Mesh
  dcn: Mesh
  changes: Partial<Run>
  physical: Physical
  run: ResolvedRun
  model: ResolvedModel
  /** JAX devices of the whole job. */
  devices: number
}
