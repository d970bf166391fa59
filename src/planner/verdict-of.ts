import type { Experiment } from '../contract/experiment.ts'
import { compactMesh, type Mesh } from '../contract/mesh.ts'
import type { Verdict, Warning } from '../contract/verdict.ts'
import { fromTuple, type MeshTuple, toTuple, tupleProduct } from '../interconnect/mesh-tuple.ts'
import type { Calibration } from './calibrate.ts'
import { calibrateWorkload } from './calibrate-workload.ts'
import { type CostModel, costModel } from './cost-model.ts'
import { estimateOf, memoryOf } from './estimate.ts'
import type { Figures } from './evaluate.ts'
import { createJudge, type Judge } from './legality.ts'
import { memoryTier } from './rank.ts'
import { type Choice, choiceOf, choiceWarnings } from './tune.ts'
import type { Workload } from './workload.ts'

/** The contract's verdict of one candidate. Figures are left out where the mesh does not fill the job's devices. */
export function verdictOf(options: { choice: Choice; judge: Judge; ici: MeshTuple; dcn: MeshTuple; calibration: Calibration }): Verdict {
  const { choice, judge, ici, dcn, calibration } = options
  const { workload } = choice
  const legality = judge.judge(ici, dcn, workload.run)
  const fills = tupleProduct(ici) === workload.slice.devices && tupleProduct(dcn) === workload.slices && legality.physical !== 'impossible'
  const figures = fills ? choice.evaluate(ici, dcn, legality.placement) : null
  return {
    mesh: fromTuple(ici),
    dcn: fromTuple(dcn),
    changes: choice.changes,
    legal: legality.legal,
    violations: legality.violations,
    warnings: [...legality.warnings, ...choiceWarnings(choice), ...memoryWarnings(figures, choice.constants)],
    physical: legality.physical,
    memory: figures && memoryOf(workload, figures),
    estimate: figures && estimateOf(workload, figures, calibration),
    compiler: null,
  }
}

/**
 * The verdict on one mesh, as `prompts check` shows it. `changes` are settings of the run that differ from the experiment's. Without a
 * calibration the experiment's own measured step anchors it, where there is one.
 */
export function evaluateMesh(
  workload: Workload,
  mesh: Mesh,
  dcn: Mesh = workload.dcn,
  changes: Partial<Experiment['run']> = {},
  options: { calibration?: Calibration; constants?: CostModel } = {},
): Verdict {
  const { constants = costModel, calibration = calibrateWorkload({ workload, constants }) } = options
  const choice = choiceOf(workload, changes, constants)
  return verdictOf({ choice, judge: createJudge(workload), ici: toTuple(compactMesh(mesh)), dcn: toTuple(compactMesh(dcn)), calibration })
}

function memoryWarnings(figures: Figures | null, constants: CostModel): Warning[] {
  if (!figures || memoryTier(figures.margin, constants) !== 1) return []
  const share = (figures.margin * 100).toFixed(0)
  return [
    { rule: 'memory_margin', message: `only ${share} % of the memory is left, within the model's error: let the compiler confirm it` },
  ]
}
