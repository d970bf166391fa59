import { join } from 'node:path'
import type { ProfileReport } from '../contract/profile-report.ts'
import { calibrateWorkload } from '../planner/calibrate-workload.ts'
import { readProfile } from '../profile/read-profile.ts'
import { adviseOn } from './advice.ts'
import { type JudgedRegime, judgeRegime } from './judge-regime.ts'
import { baselineWorkloadOf, workloadOf } from './read-regimes.ts'
import type { Regime } from './regime.ts'
import type { TruthRow } from './truth-row.ts'
import { tableOf } from './truth-table.ts'

/** The profile of a regime's baseline as it was read, and how long reading took. */
export interface ReadRegimeProfile {
  report: ProfileReport
  ms: number
}

export async function readRegimeProfiles(
  regimes: readonly Regime[],
  folder: string,
  clock: () => number,
): Promise<Map<string, ReadRegimeProfile>> {
  const read = new Map<string, ReadRegimeProfile>()
  for (const { id, profile } of regimes) {
    if (profile === null) continue
    const started = clock()
    const report = await readProfile(join(folder, `${profile}.xplane.pb.gz`))
    read.set(id, { report, ms: clock() - started })
  }
  return read
}

/**
 * Our advice on every regime beside its recorded truth. Where a regime has a bad baseline the advice is for a job that runs on
 * it, with its profile.
 */
export function judgeAll(
  regimes: readonly Regime[],
  recorded: readonly TruthRow[],
  { clock, profiles = new Map() }: { clock: () => number; profiles?: ReadonlyMap<string, ReadRegimeProfile> },
): JudgedRegime[] {
  return regimes.map((regime) => {
    const workload = baselineWorkloadOf(regime) ?? workloadOf(regime)
    const kpis = profiles.get(regime.id)?.report.kpis ?? null
    return judgeRegime(
      tableOf(regime, recorded),
      workload,
      adviseOn(workload, clock, { calibration: calibrateWorkload({ workload, kpis }) }),
    )
  })
}
