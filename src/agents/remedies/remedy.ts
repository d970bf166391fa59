import type { Suggestion } from '../../contract/diagnosis.ts'
import type { Run } from '../../contract/experiment.ts'
import type { Mesh } from '../../contract/mesh.ts'
import type { AntiPattern } from '../../contract/profile-report.ts'
import type { Verdict } from '../../contract/verdict.ts'
import type { Workload } from '../../planner/workload.ts'

/** The job and the mesh that a remedy is for. */
export interface RemedyInput {
  workload: Workload
  on: Verdict
  patterns: readonly AntiPattern[]
}

/** A setting beside the mesh that answers what was found. */
export interface Remedy {
  suggestion: Suggestion
  /** The same as a change of the run that the reference program compiles; null where only the framework itself has it. */
  change: Partial<Run> | null
}

/** The one kind of finding that a rule answers, or null where it is not there. */
export function patternOf(patterns: readonly AntiPattern[], kind: string): AntiPattern | null {
  return patterns.find((pattern) => pattern.kind === kind) ?? null
}

/** Where a pattern was found, as a suggestion's reason begins. */
export function foundIn({ kind, ops, share }: AntiPattern): string {
  const much = share === null ? '' : ` (${Math.round(share * 100)}% of the step)`
  return `${kind.replaceAll('_', ' ')}${much} in ${ops.slice(0, 2).join(', ')}`
}

/** The devices of a mesh inside a slice that split weights by FSDP alone. */
export function pureData(mesh: Mesh): number | null {
  const { data = 1, replica = 1, model = 1, seq = 1, expert = 1, stage = 1 } = mesh
  return data > 1 && replica * model * seq * expert * stage === 1 ? data : null
}
