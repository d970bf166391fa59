import { axisSize, type Mesh } from '../../contract/mesh.ts'
import type { DocRule } from '../../knowledge/doc-rule.ts'
import type { DocSection } from '../../knowledge/library.ts'
import type { Workload } from '../../planner/workload.ts'

/** A rule that holds for a job, with the section that says it. */
export interface HoldingRule {
  rule: DocRule
  section: DocSection
}

/** What one document's word weighs beside a measured contrast of a job alike, which weighs up to 1. */
const ruleWeight = 0.5

/** The rules of documents whose conditions this job meets. */
export function holdingRules(sections: readonly DocSection[], workload: Workload): HoldingRule[] {
  return sections.flatMap((section) =>
    section.rules.filter((rule) => section.id.endsWith(`#${rule.section}`) && holds(rule, workload)).map((rule) => ({ rule, section })),
  )
}

function holds(rule: DocRule, { slice, slices, phase, framework, model, run }: Workload): boolean {
  const devices = slice.devices
  const moe = model.moeLayers > 0
  const sparsity = Math.max(1, ...model.kinds.map(({ mlp }) => (mlp?.kind === 'moe' ? mlp.experts / mlp.experts_per_token : 1)))
  return (
    (rule.chips === undefined || rule.chips.includes(slice.chip)) &&
    (rule.phases === undefined || rule.phases.includes(phase)) &&
    (rule.kind === undefined || (rule.kind === 'moe') === moe) &&
    (rule.frameworks === undefined || rule.frameworks.includes(framework)) &&
    (rule.slices === undefined || (rule.slices === 'many') === slices > 1) &&
    (rule.max_devices === undefined || devices <= rule.max_devices) &&
    (rule.min_devices === undefined || devices >= rule.min_devices) &&
    (rule.min_sparsity === undefined || sparsity >= rule.min_sparsity) &&
    (rule.sequences_per_device_below === undefined || run.global_batch / (devices * slices) < rule.sequences_per_device_below)
  )
}

/** What a rule says of a mesh: negative for it, positive against it, 0 where the mesh does not use the axis. */
export function leanOfRule({ rule }: HoldingRule, mesh: Mesh): number {
  if (axisSize(mesh, rule.axis) === 1) return 0
  return rule.stance === 'for' ? -ruleWeight : ruleWeight
}
