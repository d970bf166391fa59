import { formatMesh } from '../contract/mesh.ts'
import type { Estimate, Verdict } from '../contract/verdict.ts'
import type { Workload } from './workload.ts'

/** How every such sentence begins, by which it is known again among the notes of a stored diagnosis. */
const opening = 'No mesh that fits meets '

const limits = ['ttft_ms', 'tpot_ms', 'ttft_p99_ms', 'tpot_p99_ms'] as const

/**
 * Of the latencies that are asked, the one that is furthest from its limit, as a multiple of it: 1 or less meets. Null where none
 * is asked or known.
 */
export function worstMiss(
  slo: Workload['slo'],
  estimate: Pick<Estimate, (typeof limits)[number]>,
): { name: (typeof limits)[number]; limit: number; value: number; ratio: number } | null {
  let worst: ReturnType<typeof worstMiss> = null
  for (const name of limits) {
    const limit = slo[name]
    const value = estimate[name]
    if (limit === undefined || value === null) continue
    const ratio = value / limit
    if (worst === null || ratio > worst.ratio) worst = { name, limit, value, ratio }
  }
  return worst
}

/**
 * What a job's latency objective comes to where no mesh that fits meets it, with the one that comes nearest; null where one does,
 * or where nothing is asked or estimated. ttft and tpot are judged at the median.
 */
export function unmetObjective({ slo }: Pick<Workload, 'slo'>, ranked: readonly Verdict[]): string | null {
  let nearest: { by: number; text: string } | null = null
  for (const { mesh, memory, estimate, legal } of ranked) {
    if (!legal || !memory?.fits || !estimate) continue
    const miss = worstMiss(slo, estimate)
    if (miss === null || miss.ratio <= 1) return null
    const { name, limit, value, ratio } = miss
    const text = `${name.replaceAll('_', ' ').replace(' ms', '')} ${limit} ms: ${formatMesh(mesh)} comes nearest with ${value.toPrecision(3)} ms`
    if (nearest === null || ratio < nearest.by) nearest = { by: ratio, text }
  }
  return nearest && `${opening}${nearest.text}.`
}

/** What `unmetObjective` said of a diagnosis: its first note, or null where the objective is met or there is none. */
export function unmetObjectiveIn({ notes }: { notes: readonly string[] }): string | null {
  const [first] = notes
  return first?.startsWith(opening) ? first : null
}
