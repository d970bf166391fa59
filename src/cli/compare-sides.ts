import type { Comparison } from '../contract/diagnosis.ts'
import type { ProfileReport } from '../contract/profile-report.ts'
import { compareSettings } from '../experiment/settings/compare-settings.ts'
import type { LoadedExperiment } from '../experiment/sources/experiment-source.ts'
import { compareReports } from '../profile/compare-reports.ts'

/** A run with its profile read. */
export interface Side {
  loaded: LoadedExperiment
  report: ProfileReport
}

/** Two runs beside each other: what their profiles show, and which settings differ. */
export function compareSides(before: Side, after: Side): Comparison {
  const comparison = compareReports(before.report, after.report)
  return { ...comparison, notes: [...comparison.notes, ...compareSettings(before.loaded, after.loaded)] }
}
