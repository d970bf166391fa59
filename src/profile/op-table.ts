import type { CoreOp, CoreReading } from './core-reading.ts'
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
  bytes: number
  hbmBytes: number
  vmemReadBytes: number
  vmemWriteBytes: number
  cmemReadBytes: number
  cmemWriteBytes: number
  hasBreakdown: boolean
  /** Whether the profile said anything of flops and bytes. */
  known: boolean
}

export interface OpTable {
  rows: OpRow[]
  /** First op to last, summed over cores. */
  totalPs: number
  opPs: number
}

/** Adds up the ops of all cores by program and name. SparseCores have no rows: they run beside the core that called them. */
export function buildOpTable(cores: readonly CoreReading[]): OpTable {
  const rows = new Map<string, OpRow>()
  let totalPs = 0
  let opPs = 0
  for (const core of cores) {
    if (core.sparse) continue
    totalPs += core.totalPs
    for (const op of core.ops) {
      opPs += op.selfPs
      addTo(rows, op)
    }
  }
  return { rows: [...rows.values()], totalPs, opPs }
}

function addTo(rows: Map<string, OpRow>, op: CoreOp): void {
  const { facts } = op
  const key = `${facts.programId ?? ''}:${facts.name}`
  let row = rows.get(key)
  if (row === undefined) {
    row = {
      facts,
      kind: op.kind,
      count: 0,
      timePs: 0,
      selfPs: 0,
      flops: 0,
      modelFlops: 0,
      bytes: 0,
      hbmBytes: 0,
      vmemReadBytes: 0,
      vmemWriteBytes: 0,
      cmemReadBytes: 0,
      cmemWriteBytes: 0,
      hasBreakdown: false,
      known: facts.flops !== null || facts.bytes !== null,
    }
    rows.set(key, row)
  }
  const { count } = op
  row.count += count
  row.timePs += op.timePs
  row.selfPs += op.selfPs
  row.flops += (facts.flops ?? 0) * count
  row.modelFlops += (facts.modelFlops ? facts.modelFlops : (facts.flops ?? 0)) * count
  row.bytes += (facts.bytes ?? 0) * count
  if (facts.memory === null) return
  row.hasBreakdown = true
  row.hbmBytes += facts.memory.hbm * count
  row.vmemReadBytes += facts.memory.vmemRead * count
  row.vmemWriteBytes += facts.memory.vmemWrite * count
  row.cmemReadBytes += facts.memory.cmemRead * count
  row.cmemWriteBytes += facts.memory.cmemWrite * count
}
