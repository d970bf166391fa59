import type { OpKind } from './op-kind.ts'
import type { OpFacts } from './xspace/metadata.ts'

/** One op over all cores, as XProf adds it up: times and counts are sums, flops and bytes are per execution times executions. */
export interface OpRow {
  facts: OpFacts
  kind: OpKind
  count: number
  timePs: number
  selfPs: number
  flops: number
  modelFlops: number
  /** FLOPs as the chip's stated peak counts them: 8-bit products run faster than it says. */
  peakFlops: number
  bytes: number
  hbmBytes: number
  vmemReadBytes: number
  vmemWriteBytes: number
  cmemReadBytes: number
  cmemWriteBytes: number
  hasBreakdown: boolean
  /** What the events of a custom kernel state, all executions. */
  eventFlops: number
  eventBytes: number
  /** Self time on cores whose copy of the op's facts is not whole. */
  unstatedPs: number
}
