import type { Kpis } from '../contract/profile-report.ts'
import { toTuple, tupleProduct } from '../interconnect/mesh-tuple.ts'
import { physicalPlacement } from '../interconnect/physical-mesh.ts'
import { type Calibration, calibrateToProfile, type HostShares, measuredStepMs, uncalibrated } from './calibrate.ts'
import { type CostModel, costModel } from './cost-model.ts'
import { createFigures } from './figures.ts'
import { checkMeasuredStep } from './impossible.ts'
import type { ResolvedModel } from './model/resolved-model.ts'
import { meshKind, type Outcome, type OutcomeKind, withOutcomes } from './outcomes.ts'
import type { Workload } from './workload.ts'

/**
 * What is known of a workload beside the model: its profile's figures or its measured step, for the mesh that ran, and the
 * outcomes its tenant recorded. Without a mesh, or with one that does not fill the slice, only outcomes count. Throws
 * `impossible_measurement` for figures that the hardware cannot reach.
 */
export function calibrateWorkload(options: {
  workload: Workload
  kpis?: Kpis | null
  hostShares?: HostShares | null
  outcomes?: readonly Outcome[]
  constants?: CostModel
}): Calibration {
  const { workload, kpis = null, hostShares = null, outcomes = [], constants = costModel } = options
  const anchored = workload.mesh !== null && (kpis?.step_time_ms ?? measuredStepMs(workload)) !== null
  const ran = anchored && workload.mesh ? meshKind(toTuple(workload.mesh), toTuple(workload.dcn)) : null
  return withOutcomes(baselineCalibration({ workload, kpis, hostShares, constants }), outcomes, { ...jobOf(workload), ran })
}

/** What a job shares with the outcomes that it learns from. */
export function jobOf({
  slice,
  phase,
  model,
}: {
  slice: { chip: string }
  phase: string
  model: ResolvedModel
}): Pick<OutcomeKind, 'family' | 'model'> {
  return {
    family: `${slice.chip} ${phase} ${model.moeLayers > 0 ? 'experts' : 'dense'}`,
    model: model.name ?? `${model.layers} × ${model.embed}`,
  }
}

function baselineCalibration(options: {
  workload: Workload
  kpis: Kpis | null
  hostShares: HostShares | null
  constants: CostModel
}): Calibration {
  const { workload, kpis, constants } = options
  const measuredMs = kpis?.step_time_ms ?? measuredStepMs(workload)
  if (measuredMs !== null) checkMeasuredStep(workload, measuredMs)
  if (!workload.mesh) return uncalibrated(workload)
  const ici = toTuple(workload.mesh)
  const dcn = toTuple(workload.dcn)
  const placement = physicalPlacement(ici, workload.slice)
  const runs = placement.physical !== 'impossible' && tupleProduct(dcn) === workload.slices
  if (!runs) return uncalibrated(workload)
  const predicted = createFigures(workload, constants)(ici, dcn, placement).timing
  return calibrateToProfile({ ...options, predicted })
}
