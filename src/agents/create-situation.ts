import type { Case } from '../contract/case.ts'
import type { Experiment } from '../contract/experiment.ts'
import type { ProfileReport } from '../contract/profile-report.ts'
import type { HostShares } from '../planner/calibrate.ts'
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
  const anchor = report && profileFits(report, workload.slice.chip).fits ? report : null
  const anchored = { kpis: anchor?.kpis ?? null, hostShares: anchor && hostSharesOf(anchor) }
  const calibration = calibrateWorkload({ workload, ...anchored, outcomes: outcomesOf(ownCases) })
  const baseline = workload.mesh ? verdictOfMesh(workload, workload.mesh, workload.dcn, { calibration }) : null
  return { experiment, workload, report, calibration, baseline }
}

/** What the steps wait for the host, and what they copy to it and back; null where the profile does not split its steps. */
function hostSharesOf({ categories, kpis }: ProfileReport): HostShares | null {
  if (categories.length === 0 || kpis.step_time_ms === null) return null
  const share = (...names: string[]): number =>
    categories.filter(({ name }) => names.includes(name)).reduce((sum, category) => sum + category.share, 0)
  return { idle: share('idle', 'infeed'), copies: share('host_copy') }
}
