import { opKind } from '../op-kind.ts'
import type { OpRow } from '../op-row.ts'
import type { OpTable } from '../op-table.ts'
import type { OpFacts } from '../xspace/metadata.ts'
import type { Table } from './tables.ts'
import { numberOf, tablesOf, textOf } from './tables.ts'

interface RowFigures {
  name: string
  category: string
  expression?: string
  programId?: string | null
  source?: string | null
  frameworkOp?: string | null
  count: number
  timePs: number
  selfPs: number
  flops: number | null
  modelFlops?: number | null
  bytes: number | null
  hbmBytes?: number
  remat?: boolean
}

/** One op in the shape the rest of the reader works with. */
export function opRow(figures: RowFigures): OpRow {
  const count = Math.max(1, figures.count)
  const facts: OpFacts = {
    name: figures.name,
    expression: figures.expression ?? '',
    category: figures.category,
    programId: figures.programId ?? null,
    symbolId: null,
    flops: figures.flops === null ? null : figures.flops / count,
    modelFlops: figures.modelFlops == null ? null : figures.modelFlops / count,
    bytes: figures.bytes === null ? null : figures.bytes / count,
    memory: null,
    source: sourceOf(figures.source ?? ''),
    frameworkOp: figures.frameworkOp ?? null,
    stated: true,
  }
  const kind = opKind(facts)
  return {
    facts,
    kind: figures.remat === undefined ? kind : { ...kind, rematerialized: figures.remat || kind.rematerialized },
    count: figures.count,
    timePs: figures.timePs,
    selfPs: figures.selfPs,
    unstatedPs: 0,
    flops: figures.flops ?? 0,
    modelFlops: figures.modelFlops ?? figures.flops ?? 0,
    peakFlops: figures.flops ?? 0,
    eventFlops: 0,
    eventBytes: 0,
    bytes: figures.bytes ?? 0,
    hbmBytes: figures.hbmBytes ?? figures.bytes ?? 0,
    vmemReadBytes: 0,
    vmemWriteBytes: 0,
    cmemReadBytes: 0,
    cmemWriteBytes: 0,
    hasBreakdown: figures.hbmBytes !== undefined,
  }
}

const gib = 2 ** 30

/** XProf's cell is HTML, with the stack in a title: the text of it is `file:line`. */
export function sourceOf(cell: string): string | null {
  const inner = /^\s*<(\w+)[\s\S]*>([^<]*)<\/\1>\s*$/.exec(cell)?.[2] ?? cell.replace(/<[^>]*>/g, '')
  const text = inner
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .trim()
    .split('\n', 1)[0] as string
  return text === '' ? null : text
}

/** Ops of the hlo_stats reply: rates over each op's time (GFLOP/s, GiB/s), times in microseconds over all cores. */
export function rowsOfHloStats(reply: unknown): OpRow[] {
  return (tablesOf(reply)[0]?.rows ?? []).map((row) => {
    const timeUs = numberOf(row['total_time']) ?? 0
    const rate = (column: string): number => (numberOf(row[column]) ?? 0) * timeUs
    return opRow({
      name: textOf(row['hlo_op_name']),
      category: textOf(row['category']),
      expression: textOf(row['hlo_op_expression']),
      programId: textOf(row['program_id']) || null,
      source: textOf(row['source_info']),
      frameworkOp: textOf(row['tf_op_name']) || null,
      count: numberOf(row['occurrences']) ?? 0,
      timePs: timeUs * 1e6,
      selfPs: (numberOf(row['total_self_time']) ?? 0) * 1e6,
      flops: rate('normalized_flop_rate') * 1e3,
      modelFlops: rate('model_flop_rate') * 1e3,
      bytes: (rate('measured_memory_bw') * gib) / 1e6,
      hbmBytes: (rate('hbm_bw') * gib) / 1e6,
      remat: textOf(row['hlo_rematerialization']) === 'Yes',
    })
  })
}

/** Ops of the roofline_model reply, where there is no hlo_stats. */
export function rowsOfRoofline(table: Table): OpRow[] {
  const rows = table.rows.filter(
    (row) => row['step'] === 'Total' && row['category'] !== 'Program' && row['include_infeed_outfeed'] !== false,
  )
  return rows.map((row) => {
    const timeUs = numberOf(row['total_time']) ?? 0
    const rate = (column: string): number => (numberOf(row[column]) ?? 0) * timeUs
    return opRow({
      name: textOf(row['operation']),
      category: textOf(row['category']),
      programId: textOf(row['hlo_module_id']) || null,
      count: numberOf(row['occurrences']) ?? 0,
      timePs: timeUs * 1e6,
      selfPs: (numberOf(row['total_self_time']) ?? 0) * 1e6,
      flops: rate('measured_flop_rate') * 1e3,
      modelFlops: rate('model_flop_rate') * 1e3,
      bytes: (rate('measured_memory_bw') * gib) / 1e6,
      hbmBytes: (rate('hbm_bw') * gib) / 1e6,
    })
  })
}

/** Ops of the overview's own table: shares of the time only. `spanPs` makes times of them. */
export function rowsOfOverview(table: Table, spanPs: number): OpRow[] {
  return table.rows.flatMap((row) => {
    const share = numberOf(row['selfTimePercent'])
    const operation = textOf(row['operation'])
    if (share === null || operation === '') return []
    const flops = numberOf(row['flopRate'])
    const timePs = share * spanPs
    return [
      opRow({
        name: operation,
        category: textOf(row['category']) || operation,
        count: 1,
        timePs,
        selfPs: timePs,
        flops: flops === null ? null : (flops * timePs) / 1e3,
        bytes: null,
      }),
    ]
  })
}

export function tableOf(rows: OpRow[], totalPs: number | null): OpTable {
  const opPs = rows.reduce((sum, row) => sum + row.selfPs, 0)
  return { rows, opPs, totalPs: totalPs ?? opPs, barrierPs: 0 }
}
