import { toTuple } from '../interconnect/mesh-tuple.ts'
import { type Calibration, calibrated } from './calibrate.ts'
import { calibrateWorkload } from './calibrate-workload.ts'
import { type CostModel, costModel } from './cost-model.ts'
import { createMeshRules } from './legality.ts'
import { memoryCertainty } from './memory-probability.ts'
import { tokensPerStep } from './model/model-flops.ts'
import { forMesh } from './outcomes.ts'
import { type StepShares, stepShares } from './pair-errors.ts'
import { choiceOf } from './tune.ts'
import type { Workload } from './workload.ts'

/** The mesh that runs, as candidates are compared with it. */
export interface Baseline {
  shares: StepShares
  /** Tokens a second of the whole job. */
  tokensPerSecond: number
}

/** The mesh that the experiment names with its own settings; null where there is none, it is illegal, or it cannot fit. */
export function baselineOf(
  workload: Workload,
  {
    constants = costModel,
    calibration = calibrateWorkload({ workload, constants }),
  }: { calibration?: Calibration; constants?: CostModel } = {},
): Baseline | null {
  if (!workload.mesh) return null
  const ici = toTuple(workload.mesh)
  const dcn = toTuple(workload.dcn)
  const rules = createMeshRules(workload)
  if (!rules.isLegal(ici, dcn)) return null
  const { timing, margin } = choiceOf(workload, {}, constants).figures(ici, dcn, rules.placement(ici))
  // what was measured ran, whatever the memory model says
  const measured = workload.measured.step_time_ms !== undefined
  if (!measured && memoryCertainty(workload, margin, ici[1] * dcn[1]).certainty === 'no') return null
  const { step } = calibrated(timing, forMesh(calibration, ici, dcn))
  return { shares: stepShares(timing, calibration), tokensPerSecond: tokensPerStep(workload) / step }
}
