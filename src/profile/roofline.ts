import type { ProfileReport } from '../contract/profile-report.ts'
import type { Hardware } from './core-reading.ts'
import type { OpRow } from './op-row.ts'
import type { OpTable } from './op-table.ts'

export type Bound = 'compute' | 'hbm' | 'vmem' | 'communication' | 'unknown'

/** How far one op, or the whole program, goes towards each of the chip's limits; fractions of 1. */
export interface Utilization {
  compute: number
  hbm: number
  vmem: number
  cmem: number
  bound: Bound
}

/** Work and the time it took. */
export interface Work {
  timePs: number
  /** As the stated peak counts them. */
  peakFlops: number
  hbmBytes: number
  vmemReadBytes: number
  vmemWriteBytes: number
  cmemReadBytes: number
  cmemWriteBytes: number
}

/**
 * XProf's roofline (op_metrics_to_record.h, SetRooflineMetrics): rates over the op's whole time, each against its peak; the
 * highest binds, compute first among equals. FLOPs per picosecond are TFLOP/s; bytes per picosecond are TB/s.
 */
export function utilization(work: Work, hardware: Hardware): Utilization {
  const rate = (amount: number, peak: number | null): number =>
    work.timePs > 0 && peak !== null && peak > 0 ? amount / work.timePs / peak : 0
  const compute = rate(work.peakFlops, hardware.peakTflops)
  const hbm = rate(work.hbmBytes * 1000, hardware.peakHbmGbps)
  const vmem = Math.max(
    rate(work.vmemReadBytes * 1000, hardware.peakVmemReadGbps),
    rate(work.vmemWriteBytes * 1000, hardware.peakVmemWriteGbps),
  )
  const cmem = Math.max(
    rate(work.cmemReadBytes * 1000, hardware.peakCmemReadGbps),
    rate(work.cmemWriteBytes * 1000, hardware.peakCmemWriteGbps),
  )
  const most = Math.max(compute, hbm, vmem, cmem)
  const bound: Bound = most === 0 ? 'unknown' : compute === most ? 'compute' : hbm === most ? 'hbm' : 'vmem'
  return { compute, hbm, vmem, cmem, bound }
}

/** An op's work; without a breakdown by memory (old profiles) all bytes are taken as HBM's, as XProf does. */
export function workOf(row: OpRow): Work {
  return { ...row, hbmBytes: row.hasBreakdown ? row.hbmBytes : row.bytes }
}

/** The program's work over the whole profiled time, idle included; ops that only hold others are left out. */
export function programWork(table: OpTable): Work {
  const sum: Work & { bytes: number } = {
    timePs: table.totalPs,
    peakFlops: 0,
    hbmBytes: 0,
    vmemReadBytes: 0,
    vmemWriteBytes: 0,
    cmemReadBytes: 0,
    cmemWriteBytes: 0,
    bytes: 0,
  }
  let breakdown = false
  for (const row of table.rows) {
    if (row.kind.role === 'container') continue
    sum.peakFlops += row.peakFlops
    sum.bytes += row.bytes
    sum.hbmBytes += row.hbmBytes
    sum.vmemReadBytes += row.vmemReadBytes
    sum.vmemWriteBytes += row.vmemWriteBytes
    sum.cmemReadBytes += row.cmemReadBytes
    sum.cmemWriteBytes += row.cmemWriteBytes
    breakdown ||= row.hasBreakdown
  }
  if (!breakdown) sum.hbmBytes = sum.bytes
  return sum
}

/** Peaks of one core, the ridge point, and where the ops that take the time lie. */
export function roofline(table: OpTable, hardware: Hardware, points: number): ProfileReport['roofline'] {
  const { peakTflops, peakHbmGbps } = hardware
  const rows = table.rows
    .filter((row) => row.flops > 0 && row.timePs > 0 && row.kind.role !== 'container')
    .sort((a, b) => b.selfPs - a.selfPs)
  return {
    peak_tflops: peakTflops,
    peak_hbm_gbps: peakHbmGbps,
    ridge_flop_per_byte: peakTflops !== null && peakHbmGbps !== null ? (peakTflops * 1000) / peakHbmGbps : null,
    points: rows.slice(0, points).flatMap((row) => {
      const { hbmBytes } = workOf(row)
      const bytes = hbmBytes > 0 ? hbmBytes : row.bytes
      return bytes > 0
        ? [
            {
              name: row.facts.name,
              flop_per_byte: row.flops / bytes,
              tflops: row.flops / row.timePs,
              share: table.totalPs > 0 ? row.selfPs / table.totalPs : 0,
            },
          ]
        : []
    }),
  }
}
