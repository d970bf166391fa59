import type { Case } from '../contract/case.ts'
import type { Experiment } from '../contract/experiment.ts'
import type { ProfileReport } from '../contract/profile-report.ts'
import { calibrateWorkload } from '../planner/calibrate-workload.ts'
import { verdictOfMesh } from '../planner/verdict-of.ts'
import { profileFits } from './analyzer.ts'
import type { AgentDeps } from './deps.ts'
import { outcomesOf } from './learning.ts'
import type { Situation } from './situation.ts'

/** Everything that proposals are computed from; pure given the tenant's cases. */
export function createSituation(
  deps: Pick<AgentDeps, 'resolve'>,
  experiment: Experiment,
  report: ProfileReport | null,
  ownCases: readonly Case[],
): Situation {
  const workload = deps.resolve(experiment)
  const kpis = report && profileFits(report, workload.slice.chip).fits ? report.kpis : null
  const calibration = calibrateWorkload({ workload, kpis, outcomes: outcomesOf(ownCases) })
  const baseline = workload.mesh ? verdictOfMesh(workload, workload.mesh, workload.dcn, {}, { calibration }) : null
  return { experiment, workload, report, calibration, baseline }
}
