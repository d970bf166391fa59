import type { Intervals } from './intervals.ts'
import type { OpKind } from './op-kind.ts'
import type { OpFacts } from './xspace/metadata.ts'

/** One op on one core: how often and how long it ran. Self time leaves out the ops inside it. */
export interface CoreOp {
  facts: OpFacts
  kind: OpKind
  count: number
  timePs: number
  selfPs: number
  /** Place in the core's list of the op it was first seen inside; -1 for none. */
  parent: number
}

export interface StepSpan {
  /** The step's number: XProf's group id, else its place in the line. */
  id: number
  /** Device clock: what the step's time is measured by. */
  durationPs: number
  /** Host-aligned clock: what ops are laid against. */
  startPs: number
  endPs: number
}

/** When one collective was in flight on a core, within the window of full steps. */
export interface CoreCollective {
  facts: OpFacts
  kind: string
  count: number
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
  steps: StepSpan[]
  modules: Map<string, ModuleRuns>
  collectives: CoreCollective[]
  windowPs: number
  occupiedPs: number
  exposedPs: number
  notes: string[]
}

export interface ModuleRuns {
  count: number
  totalPs: number
  longestPs: number
  /** First start of the last run less first start of the first: count - 1 periods. */
  firstStartPs: number
  lastStartPs: number
}

export interface Hardware {
  peakTflops: number | null
  peakHbmGbps: number | null
  peakVmemReadGbps: number | null
  peakVmemWriteGbps: number | null
  peakCmemReadGbps: number | null
  peakCmemWriteGbps: number | null
  megacore: boolean
}
