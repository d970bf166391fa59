import { formatMesh } from '../contract/mesh.ts'
import type { Verdict } from '../contract/verdict.ts'
import type { Workload } from './workload.ts'

/** How every such sentence begins, by which it is known again among the notes of a stored diagnosis. */
const opening = 'No mesh that fits meets '

const limits = ['ttft_ms', 'tpot_ms', 'ttft_p99_ms', 'tpot_p99_ms'] as const

/**
 * What a job's latency objective comes to where no mesh that fits meets it, with the one that comes nearest; null where one does, or where
 * nothing is asked or estimated. ttft and tpot are judged at the median.
 */
export function unmetObjective({ slo }: Pick<Workload, 'slo'>, ranked: readonly Verdict[]): string | null {
  let nearest: { by: number; text: string } | null = null
  for (const { mesh, memory, estimate, legal } of ranked) {
    if (!legal || !memory?.fits || !estimate) continue
    let by = 0
    let text = ''
    for (const name of limits) {
      const limit = slo[name]
      const value = estimate[name]
      if (limit === undefined || value === null || value / limit <= Math.max(1, by)) continue
      by = value / limit
      text = `${name.replaceAll('_', ' ').replace(' ms', '')} ${limit} ms: ${formatMesh(mesh)} comes nearest with ${value.toPrecision(3)} ms`
    }
    if (by === 0) return null
    if (nearest === null || by < nearest.by) nearest = { by, text }
  }
  return nearest && `${opening}${nearest.text}.`
}

/** What `unmetObjective` said of a diagnosis: its first note, or null where the objective is met or there is none. */
export function unmetObjectiveIn({ notes }: { notes: readonly string[] }): string | null {
  const [first] = notes
  return first?.startsWith(opening) ? first : null
}
