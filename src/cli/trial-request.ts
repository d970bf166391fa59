import { maxtextFlagsOf, snippetInput } from '../agents/cards.ts'
import { writeSnippet } from '../agents/snippets/snippets.ts'
import type { Run } from '../contract/experiment.ts'
import type { Mesh } from '../contract/mesh.ts'
import type { Verdict } from '../contract/verdict.ts'
import type { Workload } from '../planner/workload.ts'

/** What the operator's command gets of a trial. `settings` are words for MaxText's command line, null for other frameworks. */
export interface TrialRequest {
  experiment: string
  chip: string
  topology: string
  slices: number
  framework: string
  mesh: Mesh
  dcn: Mesh
  changes: Partial<Run>
  settings: string[] | null
  snippets: Partial<Record<string, string>>
  predicted: { step_time_ms: number | null; required_gib: number | null; fits_probability: number | null }
}

export function trialRequest(workload: Workload, verdict: Verdict): TrialRequest {
  const { mesh, dcn, changes, estimate, memory } = verdict
  return {
    experiment: workload.id,
    chip: workload.slice.chip,
    topology: workload.slice.dims.join('x'),
    slices: workload.slices,
    framework: workload.framework,
    mesh,
    dcn,
    changes,
    settings: maxtextFlagsOf({ workload }, verdict).maxtextFlags ?? null,
    snippets: writeSnippet(workload.framework, snippetInput({ workload }, verdict)),
    predicted: {
      step_time_ms: estimate?.step_time_ms ?? null,
      required_gib: memory?.required_gib ?? null,
      fits_probability: memory?.probability ?? null,
    },
  }
}
