import type { OpTable } from '../op-table.ts'
import type { StepSummary } from '../steps.ts'
import type { Table } from './tables.ts'
import { numberOf, shareOf, textOf } from './tables.ts'

/** Steps by the time XProf writes beside them, else by the sum of their parts. */
export function stepTimesMs(table: Table | undefined): { id: number; ms: number }[] {
  return (table?.rows ?? []).map((row, index) => {
    const told = /Step time = ([\d.]+) ms/.exec(textOf(row['tooltip']))?.[1]
    const parts = Object.entries(row).reduce((sum, [column, value]) => sum + (column.endsWith('TimeMs') ? (numberOf(value) ?? 0) : 0), 0)
    return { id: numberOf(row['stepnum']) ?? index, ms: told === undefined ? parts : Number(told) }
  })
}

/** What of the traced time is the steps', as far as replies without a timeline tell. */
export interface ReplyTime {
  table: OpTable
  /** Of the steps. */
  idle: number
  outsideMs: number | null
  /**
   * The steps' time over all that was traced, and the ops' over all ops': what turns XProf's rates over the trace into rates over
   * steps.
   */
  perStep: number
}

/** Less than this part of the trace outside the steps is the rounding of their table. */
const least = 0.05
/** Half of the last digit that XProf prints of a share. */
const printed = 0.0006

/**
 * XProf's figures are of all that was traced. Where its step table covers clearly less, or has slow steps, the ops are taken to
 * be the steps' (each step doing the same work), and the rest lies outside. Idle is then what the ops leave of the steps; else it
 * is XProf's own figure.
 */
export function replyTime(
  table: OpTable,
  {
    steps,
    times,
    analysis,
    cores,
  }: { steps: StepSummary; times: readonly { ms: number }[]; analysis: Record<string, unknown>; cores: number },
): ReplyTime {
  const allMs = times.reduce((sum, step) => sum + step.ms, 0)
  const tracedMs = cores > 0 ? table.totalPs / 1e9 / cores : 0
  const slowMs = steps.slow.reduce((sum, step) => sum + step.ms, 0)
  const covers = allMs >= tracedMs * (1 - least) && steps.slow.length === 0
  if (steps.medianMs === null || tracedMs === 0 || table.rows.length === 0 || covers) {
    const rest = table.totalPs > 0 ? Math.max(0, 1 - table.opPs / table.totalPs) : 0
    const told = shareOf(analysis['device_idle_time_percent'])
    // XProf prints a tenth of a percent: where the ops leave the same, they say it exactly.
    const exact = told === null ? table.rows.length > 10 : Math.abs(rest - told) <= printed
    return {
      table,
      idle: exact ? rest : (told ?? 0),
      outsideMs: allMs > 0 ? Math.max(0, tracedMs - allMs) : null,
      perStep: 1,
    }
  }
  const keptMs = allMs - slowMs
  const work = keptMs / (keptMs + steps.slow.length * steps.medianMs)
  const kept = scaled(table, work, keptMs * 1e9 * cores)
  return {
    table: kept,
    idle: Math.max(0, 1 - kept.opPs / kept.totalPs),
    outsideMs: Math.max(0, tracedMs - allMs),
    perStep: (work * table.totalPs) / kept.totalPs,
  }
}

function scaled(table: OpTable, by: number, totalPs: number): OpTable {
  const rows = table.rows.map((row) => ({
    ...row,
    count: row.count * by,
    timePs: row.timePs * by,
    selfPs: row.selfPs * by,
    flops: row.flops * by,
    modelFlops: row.modelFlops * by,
    peakFlops: row.peakFlops * by,
    bytes: row.bytes * by,
    hbmBytes: row.hbmBytes * by,
  }))
  const opPs = table.opPs * by
  return { rows, opPs, totalPs: Math.max(totalPs, opPs), barrierPs: 0 }
}
