import type { CoreOp, CoreReading, Hardware, OpTime } from './core-reading.ts'
import { kernelWork } from './kernel-work.ts'
import type { OpKind } from './op-kind.ts'
import type { OpRow } from './op-row.ts'

export interface OpTable {
  rows: OpRow[]
  /** The time that shares are of, summed over cores: the steps, or from the first op to the last. */
  totalPs: number
  opPs: number
  /** Waiting in a barrier for other cores, no op running. */
  barrierPs: number
}

/**
 * Adds up the ops of all cores by program and name, over the steps or over all that was traced (as XProf does).
 * SparseCores have no rows: they run beside the core that called them.
 */
export function buildOpTable(cores: readonly CoreReading[], over: 'steps' | 'trace' = 'steps'): OpTable {
  const rows = new Map<string, OpRow>()
  let totalPs = 0
  let opPs = 0
  let barrierPs = 0
  for (const core of cores) {
    if (core.sparse) continue
    totalPs += over === 'steps' ? core.windowPs : core.totalPs
    barrierPs += core.barrierPs
    for (const op of core.ops) {
      const time = over === 'steps' ? op : op.whole
      opPs += time.selfPs
      addTo(rows, op, time)
    }
  }
  const all = joinNameless(rows)
  const hardware = cores.find((core) => !core.sparse)?.hardware
  for (const row of all) weigh(row, hardware)
  return { rows: all, totalPs, opPs, barrierPs }
}

function addTo(rows: Map<string, OpRow>, op: CoreOp, time: OpTime): void {
  const key = `${op.facts.programId ?? ''}:${op.facts.name}`
  let row = rows.get(key)
  if (row === undefined) {
    row = { ...emptyRow, facts: op.facts, kind: op.kind }
    rows.set(key, row)
  } else if (!row.facts.stated && op.facts !== row.facts) learn(row, op)
  row.count += time.count
  row.timePs += time.timePs
  row.selfPs += time.selfPs
  // What events state is added up over the steps; over all of the trace it is taken to go on alike.
  const scale = op.count > 0 ? time.count / op.count : 0
  row.eventFlops += op.eventFlops * scale
  row.eventBytes += op.eventBytes * scale
  if (!op.facts.stated) row.unstatedPs += time.selfPs
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
    home.eventFlops += row.eventFlops
    home.eventBytes += row.eventBytes
  }
  return out
}

function weigh(row: OpRow, hardware: Hardware | undefined): void {
  const { facts, count } = row
  row.flops = (facts.flops ?? 0) * count
  row.modelFlops = (facts.modelFlops ? facts.modelFlops : (facts.flops ?? 0)) * count
  row.bytes = (facts.bytes ?? 0) * count
  if (facts.category === 'custom-call') Object.assign(row, kernelWork(row))
  row.peakFlops = row.flops / peakScale(row.kind, hardware)
  if (facts.memory === null) return
  row.hasBreakdown = true
  row.hbmBytes = facts.memory.hbm * count
  row.vmemReadBytes = facts.memory.vmemRead * count
  row.vmemWriteBytes = facts.memory.vmemWrite * count
  row.cmemReadBytes = facts.memory.cmemRead * count
  row.cmemWriteBytes = facts.memory.cmemWrite * count
}

/** How many times the stated peak an op's products may reach. */
export function peakScale(kind: OpKind, hardware: Pick<Hardware, 'int8' | 'fp8'> | undefined): number {
  return kind.narrow === null ? 1 : (hardware?.[kind.narrow] ?? 1)
}

const emptyRow = {
  count: 0,
  timePs: 0,
  selfPs: 0,
  unstatedPs: 0,
  flops: 0,
  modelFlops: 0,
  peakFlops: 0,
  eventFlops: 0,
  eventBytes: 0,
  bytes: 0,
  hbmBytes: 0,
  vmemReadBytes: 0,
  vmemWriteBytes: 0,
  cmemReadBytes: 0,
  cmemWriteBytes: 0,
  hasBreakdown: false,
}
