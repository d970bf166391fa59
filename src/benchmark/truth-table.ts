import { createHash } from 'node:crypto'
import { namePlaced, type Placed, samePlaced } from '../contract/placed.ts'
import type { Regime } from './regime.ts'
import { jobOf, type ReplayedStep, type TruthRow } from './truth-row.ts'

/** One mesh of a table: it ran (measured, or compiled and replayed) in `stepMs`, or it did not (`why`). */
export interface TableRow extends Placed {
  stepMs: number | null
  why: 'oom' | 'vmem' | 'error' | null
  kind: 'measured' | 'replayed' | 'compiled'
  requiredGib: number | null
  message: string | null
  /** What the replayed step consists of; null where it was measured or did not run. */
  parts: ReplayedStep | null
}

/** The recorded truth of a regime. The rows are of one kind of time: what was measured is never put beside what was replayed. */
export interface TruthTable {
  regime: Regime
  rows: TableRow[]
  /** The fastest that ran; null where nothing did. */
  best: TableRow | null
  /** A short name of what is recorded: proposals are recorded for a table as it was. */
  digest: string
}

/** Fewest rows of a table that rivals search, and of these fewest that ran. */
const searchable = { rows: 3, ran: 2 }

/** The table of a regime from the recorded rows of its job. */
export function tableOf(regime: Regime, recorded: readonly TruthRow[]): TruthTable {
  const job = jobOf(regime)
  const compiled = recorded.filter((row) => row.regime === regime.id && row.job === job).flatMap(rowOf)
  const measured = regime.measured.map(
    ({ mesh, dcn, step_time_ms }): TableRow => ({
      mesh,
      dcn,
      stepMs: step_time_ms,
      why: null,
      kind: 'measured',
      requiredGib: null,
      message: null,
      parts: null,
    }),
  )
  const failed = compiled.filter((row) => row.why !== null && !measured.some((one) => samePlaced(one, row)))
  const rows = measured.length >= 2 ? [...measured, ...failed] : compiled
  rows.sort((a, b) => timeOf(a) - timeOf(b) || (namePlaced(a) < namePlaced(b) ? -1 : 1))
  const best = rows[0]?.stepMs == null ? null : rows[0]
  return { regime, rows, best, digest: digestOf(rows) }
}

/** Whether the table has enough in it that finding the best of it means something. */
export function isSearchable({ rows }: TruthTable): boolean {
  return rows.length >= searchable.rows && rows.filter(({ stepMs }) => stepMs !== null).length >= searchable.ran
}

export function rowFor(table: TruthTable, placed: Placed): TableRow | null {
  return table.rows.find((row) => samePlaced(row, placed)) ?? null
}

/** How much more time than the best, 0.05 for 5 %; null where the row did not run or nothing did. */
export function regretOf({ best }: TruthTable, row: TableRow | null): number | null {
  if (row?.stepMs == null || best?.stepMs == null) return null
  return row.stepMs / best.stepMs - 1
}

function rowOf(row: TruthRow): TableRow[] {
  if (row.status === 'unknown') return []
  const { mesh, dcn, required_gib: requiredGib, message } = row
  if (row.status !== 'fits') return [{ mesh, dcn, stepMs: null, why: row.status, kind: 'compiled', requiredGib, message, parts: null }]
  if (row.replay === null) return []
  return [{ mesh, dcn, stepMs: row.replay.step_time_ms, why: null, kind: 'replayed', requiredGib, message, parts: row.replay }]
}

function timeOf({ stepMs }: TableRow): number {
  return stepMs ?? Number.POSITIVE_INFINITY
}

function digestOf(rows: readonly TableRow[]): string {
  const said = rows.map((row) => `${namePlaced(row)} ${row.stepMs ?? row.why}`).join('\n')
  return createHash('sha256').update(said).digest('hex').slice(0, 12)
}
