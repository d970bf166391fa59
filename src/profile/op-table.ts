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
  /** Self time on cores whose copy of the op's facts is not whole. */
  unstatedPs: number
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
  const all = joinNameless(rows)
  for (const row of all) weigh(row)
  return { rows: all, totalPs, opPs }
}

function addTo(rows: Map<string, OpRow>, op: CoreOp): void {
  const key = `${op.facts.programId ?? ''}:${op.facts.name}`
  let row = rows.get(key)
  if (row === undefined) {
    row = { ...emptyRow, facts: op.facts, kind: op.kind }
    rows.set(key, row)
  } else if (!row.facts.stated && op.facts !== row.facts) learn(row, op)
  row.count += op.count
  row.timePs += op.timePs
  row.selfPs += op.selfPs
  if (!op.facts.stated) row.unstatedPs += op.selfPs
}

/** Every core states the same of an op; what one core's copy lacks, another's may have. */
function learn(row: OpRow, op: Pick<CoreOp, 'facts' | 'kind'>): void {
  const { facts } = row
  if (op.facts.stated) row.kind = op.kind
  row.facts = op.facts.stated
    ? op.facts
    : {
        ...facts,
        flops: facts.flops ?? op.facts.flops,
        modelFlops: facts.modelFlops ?? op.facts.modelFlops,
        bytes: facts.bytes ?? op.facts.bytes,
        memory: facts.memory ?? op.facts.memory,
        source: facts.source ?? op.facts.source,
      }
}

/** Ops that do not say their program go to the one program that has an op of their name, if there is just one. */
function joinNameless(rows: Map<string, OpRow>): OpRow[] {
  const named = Map.groupBy(
    [...rows.values()].filter((row) => row.facts.programId !== null),
    (row) => row.facts.name,
  )
  const out: OpRow[] = []
  for (const row of rows.values()) {
    const homes = row.facts.programId === null ? named.get(row.facts.name) : undefined
    const [home] = homes ?? []
    if (home === undefined || homes?.length !== 1) {
      out.push(row)
      continue
    }
    if (!home.facts.stated) learn(home, row)
    home.count += row.count
    home.timePs += row.timePs
    home.selfPs += row.selfPs
    home.unstatedPs += row.unstatedPs
  }
  return out
}

function weigh(row: OpRow): void {
  const { facts, count } = row
  row.flops = (facts.flops ?? 0) * count
  row.modelFlops = (facts.modelFlops ? facts.modelFlops : (facts.flops ?? 0)) * count
  row.bytes = (facts.bytes ?? 0) * count
  if (facts.memory === null) return
  row.hasBreakdown = true
  row.hbmBytes = facts.memory.hbm * count
  row.vmemReadBytes = facts.memory.vmemRead * count
  row.vmemWriteBytes = facts.memory.vmemWrite * count
  row.cmemReadBytes = facts.memory.cmemRead * count
  row.cmemWriteBytes = facts.memory.cmemWrite * count
}

const emptyRow = {
  count: 0,
  timePs: 0,
  selfPs: 0,
  unstatedPs: 0,
  flops: 0,
  modelFlops: 0,
  bytes: 0,
  hbmBytes: 0,
  vmemReadBytes: 0,
  vmemWriteBytes: 0,
  cmemReadBytes: 0,
  cmemWriteBytes: 0,
  hasBreakdown: false,
}
