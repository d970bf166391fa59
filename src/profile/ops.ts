import type { Op } from '../contract/profile-report.ts'
import type { Hardware } from './core-reading.ts'
import type { OpRow } from './op-row.ts'
import type { OpTable } from './op-table.ts'
import type { Bound } from './roofline.ts'
import { utilization, workOf } from './roofline.ts'

/** What binds one op; communication goes before the roofline. */
function boundOf(row: OpRow, hardware: Hardware): Bound {
  if (row.kind.role === 'collective') return 'communication'
  // Infeed waits for the host, and a copy to host memory for its link: neither is bound by the chip.
  if (row.kind.role !== 'compute') return 'unknown'
  return utilization(workOf(row), hardware).bound
}

/**
 * The ops that take the time, in XProf's order: by self time over all cores. Idle time is not an op, nor is what only holds other
 * ops.
 */
export function topOps(table: OpTable, hardware: Hardware, count: number): Op[] {
  return [...table.rows]
    .filter((row) => row.selfPs > 0 && !(row.kind.role === 'container' && row.timePs > row.selfPs))
    .sort((a, b) => b.selfPs - a.selfPs || (a.facts.name < b.facts.name ? -1 : 1))
    .slice(0, count)
    .map((row) => ({
      name: row.facts.name,
      category: row.facts.category,
      self_ms: row.selfPs / 1e9,
      share: table.totalPs > 0 ? row.selfPs / table.totalPs : 0,
      bound_by: boundOf(row, hardware),
      flops: row.facts.flops === null ? null : row.flops,
      bytes: row.facts.bytes === null ? null : row.bytes,
      source: row.facts.source,
    }))
}

/** Of the time ops compute or move memory, the part each limit binds; vmem counts as compute. */
export function boundShares(table: OpTable, hardware: Hardware): { compute: number; hbm: number; unknown: number } {
  const time = { compute: 0, hbm: 0, unknown: 0 }
  for (const row of table.rows) {
    if (row.kind.role !== 'compute') continue
    const bound = boundOf(row, hardware)
    time[bound === 'vmem' ? 'compute' : bound === 'communication' ? 'unknown' : bound] += row.selfPs
  }
  const sum = time.compute + time.hbm + time.unknown
  return sum > 0 ? { compute: time.compute / sum, hbm: time.hbm / sum, unknown: time.unknown / sum } : { compute: 0, hbm: 0, unknown: 0 }
}
