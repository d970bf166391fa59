import { namePlaced } from '../../contract/placed.ts'
import type { Count } from '../figures.ts'
import type { JudgedCard } from '../judge-regime.ts'
import type { TableRow, TruthTable } from '../truth-table.ts'

/** `26%`; one digit behind the point below ten. */
export function percent(share: number | null): string {
  if (share === null) return '–'
  const value = 100 * share
  return `${Math.abs(value) < 10 && value !== Math.round(value) ? value.toFixed(1) : Math.round(value)}%`
}

/** `37 of 49 (76%)`. */
export function countOf({ of, hit }: Count): string {
  return of === 0 ? 'none known' : `${hit} of ${of} (${percent(hit / of)})`
}

export function milliseconds(ms: number | null): string {
  if (ms === null) return '–'
  return ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : `${ms.toFixed(ms < 100 ? 2 : 0)} ms`
}

/** What is recorded of a mesh, and how it is known. */
export function recordedWords(row: TableRow | null): string {
  if (row === null) return 'not recorded'
  if (row.why === 'oom') return `compiled: out of memory${row.requiredGib === null ? '' : `, ${row.requiredGib.toFixed(1)} GiB`}`
  if (row.why === 'vmem') return 'compiled: a kernel has too little VMEM'
  if (row.why === 'error') return `refused: ${(row.message ?? '').slice(0, 120).replaceAll('|', '/')}`
  return `${row.kind}: ${milliseconds(row.stepMs)}${row.requiredGib === null ? '' : `, ${row.requiredGib.toFixed(1)} GiB`}`
}

/** Why a card lost against the best that is recorded: the parts of its step that take more. */
export function whyLost({ best }: TruthTable, { row, regret, verdict }: JudgedCard): string {
  if (row === null) return 'Neither compiled nor measured: nothing is said of it.'
  if (row.why !== null)
    return `It does not run (${recordedWords(row)}); the planner gave it ${percent(verdict.memory?.probability ?? null)} to fit.`
  if (regret === null || best === null) return 'It ran; there is nothing to hold it against.'
  if (regret === 0) return 'The best that is recorded.'
  const more = `${percent(regret)} more time per step than ${namePlaced(best)}`
  const parts = partsOf(row, best)
  return parts === '' ? `${more}.` : `${more}: ${parts}.`
}

function partsOf(row: TableRow, best: TableRow): string {
  const [own, least] = [row.parts, best.parts]
  if (own === null || least === null) return ''
  const gaps: [string, number][] = [
    ['compute', own.compute_ms - least.compute_ms],
    ['HBM', own.hbm_ms - least.hbm_ms],
    ['exposed communication', own.exposed_communication_ms - least.exposed_communication_ms],
    ['host', own.host_ms - least.host_ms],
  ]
  const visible = 0.002 * least.step_time_ms
  return gaps
    .filter(([, gap]) => Math.abs(gap) > visible)
    .map(([name, gap]) => `${name} ${milliseconds(Math.abs(gap))} ${gap > 0 ? 'more' : 'less'}`)
    .join(', ')
}
