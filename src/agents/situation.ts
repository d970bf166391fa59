import type { Experiment } from '../contract/experiment.ts'
import type { AntiPattern, Bottleneck, Kpis, Op, ProfileReport } from '../contract/profile-report.ts'
import type { Verdict } from '../contract/verdict.ts'
import type { Calibration } from '../planner/calibrate.ts'
import type { Workload } from '../planner/workload.ts'

export const noKpis: Kpis = {
  step_time_ms: null,
  duty_cycle: null,
  mxu_utilization: null,
  hbm_bandwidth_utilization: null,
  communication_share: null,
  exposed_communication_share: null,
  roofline_efficiency: null,
  peak_hbm_gib: null,
  mfu: null,
}

/** What is known of a job before anything is proposed: everything that cards are computed from. */
export interface Situation {
  experiment: Experiment
  workload: Workload
  /** null for a cold start. */
  report: ProfileReport | null
  /** Anchors predictions to what ran, and to what this tenant's adopted cards measured. */
  calibration: Calibration
  /** The verdict on the mesh that ran; null where the experiment names none. */
  baseline: Verdict | null
}

/** What the Analyzer says. */
export interface Analysis {
  bottleneck: Bottleneck
  kpis: Kpis
  top_ops: Op[]
  anti_patterns: AntiPattern[]
  /** What is missing or noisy, and what was assumed. */
  notes: string[]
}
