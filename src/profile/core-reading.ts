import type { Intervals } from './intervals.ts'
import type { OpKind } from './op-kind.ts'
import type { ProgramRuns } from './programs.ts'
import type { SparseWork } from './sparse-work.ts'
import type { TimedStep } from './steps.ts'
import type { Windows } from './windows.ts'
import type { OpFacts } from './xspace/metadata.ts'

/** How often and how long one op ran. Self time leaves out the ops inside it. */
export interface OpTime {
  count: number
  timePs: number
  selfPs: number
}

/** One op on one core: what it took of the steps, and of the whole trace. */
export interface CoreOp extends OpTime {
  facts: OpFacts
  kind: OpKind
  whole: OpTime
  /** What its events state, added up over the steps: custom kernels say it there and not in their name's stats. */
  eventFlops: number
  eventBytes: number
  /** Place in the core's list of the op it was first seen inside; -1 for none. */
  parent: number
}

/** When one collective was in flight on a core, within the steps. */
export interface CoreCollective {
  facts: OpFacts
  kind: string
  dcn: boolean
  sparse: boolean
  count: number
  /** Start to end over all of the trace: with the count, the mean time of one. */
  flightPs: number
  occupiedPs: number
  exposedPs: number
}

/** All that is kept of one core's plane. */
export interface CoreReading {
  host: string
  plane: string
  chip: number | null
  sparse: boolean
  deviceType: string | null
  hardware: Hardware
  ops: CoreOp[]
  /** First op or step to the last, device clock: XProf's total time. */
  totalPs: number
  /** On duty, and the span it is judged over. */
  duty: Intervals
  dutyStartPs: number
  dutyEndPs: number
  steps: TimedStep[]
  programs: ProgramRuns[]
  /** The steps that shares are of, and how long they are together. */
  windows: Windows
  windowPs: number
  collectives: CoreCollective[]
  occupiedPs: number
  exposedPs: number
  dcnOccupiedPs: number
  dcnExposedPs: number
  /** Of the steps: waiting in a barrier for other cores, with no op running. */
  barrierPs: number
  /** Of the steps: gaps shorter than a tenth of a millisecond between ops. */
  shortGaps: { count: number; totalPs: number }
  /** Hardware counters that the plane samples, time-weighted means, by name. */
  counters: Map<string, number>
  /** A SparseCore's own ops. */
  work: SparseWork[]
  notes: string[]
}

export interface Hardware {
  peakTflops: number | null
  peakHbmGbps: number | null
  peakVmemReadGbps: number | null
  peakVmemWriteGbps: number | null
  peakCmemReadGbps: number | null
  peakCmemWriteGbps: number | null
  megacore: boolean
  /** How many times as fast as the stated peak it multiplies 8-bit numbers; null where that is not known. */
  int8: number | null
  fp8: number | null
  /** The peaks are not in the profile: they are this chip's published ones. */
  fromKnowledge: boolean
}
