import type { Kpis, Op, ProfileReport } from '../contract/profile-report.ts'
import type { Account } from './accounts.ts'
import type { StepSummary } from './steps.ts'

/** What a diagnosis is drawn from, whether it was read from an XSpace or from a server's replies. Shares are of the steps. */
export interface Findings {
  kpis: Kpis
  /** Of the steps of those that the job waits for. */
  shares: Account
  /** Of the time ops compute or move memory: the part bound by each limit (vmem is compute's). */
  bounds: { compute: number; hbm: number; unknown: number }
  topOps: Op[]
  roofline: ProfileReport['roofline']
  steps: StepSummary
  quality: Quality
  /** Host activities as a share of the span, largest first. */
  activities: { name: string; share: number }[]
  /** Who holds the others up, in words; empty where nobody does. */
  waiting: string[]
}

/** What lowers the confidence. */
interface Quality {
  /** Estimated share of op executions the profile does not hold. */
  missing: number
  /** Steps whose numbers are left out between those recorded, of all. */
  missingSteps: number
  /** Op time of which category, program, flops or bytes are not stated. */
  unstated: number
  /** Op time without flops or bytes. */
  unknownOps: number
  /** Hosts of the run whose file could not be read, of all. */
  missingHosts: number
  /** Hosts of the run without a device plane, of all. */
  hostsWithoutDevices: number
  /** The profiler says that it dropped events. */
  dropped: boolean
  /** The tracer itself seems to stretch the steps. */
  stretched: boolean
  /** Of the traced steps' time, what steps take that are over 1.5 times the median. */
  slow: number
  /** The profile holds per-op times but no timeline. */
  noTimeline: boolean
}
