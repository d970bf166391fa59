import { PromptsError } from '../errors.ts'
import { countFactorings } from './enumerate.ts'
import type { Workload } from './workload.ts'

/** Candidates that one space may have: bounds rule out most of them, and the rest take some seconds of one core. */
export const candidateLimit = 40_000_000

/** @throws PromptsError `too_large` for a space of more candidates than a search may look at, before it starts. */
export function checkSpace(workload: Workload, space: { meshes: number; slicings: number; choices: number }): void {
  const { meshes, slicings, choices } = space
  const total = meshes * slicings * choices
  if (total <= candidateLimit) return
  const count = (n: number) => n.toLocaleString('en-US')
  const parts = [`${count(meshes)} meshes of a slice`]
  if (slicings > 1) parts.push(`${count(slicings)} ways over ${workload.slices} slices`)
  if (choices > 1) parts.push(`${count(choices)} settings (tune: ${workload.tune.join(', ')})`)
  throw new PromptsError(
    'too_large',
    `${workload.id} has ${count(total)} candidates (${parts.join(' × ')}), more than the ${count(candidateLimit)} that a search looks at`,
    { hint: 'Let less vary in tune, give the dcn mesh, or fix the mesh.' },
  )
}

/** Settings that each thing which may vary has at most. */
const mostSettings: Readonly<Record<string, number>> = { remat: 10, microbatches: 6, batch: 5, offload: 2 }

/** About how many candidates a search would look at, and not fewer; without building any. */
export function roughCandidates(workload: Workload): number {
  const meshes = workload.mesh && !workload.tune.includes('mesh') ? 1 : countFactorings(workload.slice.devices)
  const slicings = workload.slices === 1 ? 1 : countFactorings(workload.slices, 3)
  return workload.tune.reduce((count, name) => count * (mostSettings[name] ?? 1), meshes * slicings)
}
