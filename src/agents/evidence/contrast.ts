import type { Case } from '../../contract/case.ts'
import { type Axis, axes, axisSize, type Mesh, sameMesh } from '../../contract/mesh.ts'
import type { Hit } from '../../knowledge/library.ts'

/** Two meshes of one job of which the faster is known: what a case measured, or what ran out of memory against what ran. */
export interface Contrast {
  id: string
  title: string
  uri: string
  slower: Mesh
  faster: Mesh
  /** How alike its job is and how clear its difference, 0 to 1. */
  weight: number
}

/** A difference of this size counts in full: below it the noise of two runs is as large. */
const clearRatio = Math.log(1.1)
/** Below this likeness a case is about another kind of job. */
const leastSimilarity = 0.7

/**
 * The contrasts among cases: both meshes measured, the same slices' mesh across, and a job alike. A case that proved wrong is the
 * contrast the other way round.
 */
export function contrastsOf(hits: readonly Hit<'case'>[], cite: (item: Case) => Pick<Contrast, 'title' | 'uri'>): Contrast[] {
  return hits.flatMap(({ item, similarity }) => {
    const { from, to, measured_before_ms: before, measured_after_ms: after } = item
    const likeness = similarity ?? 0
    if (likeness < leastSimilarity || from === null || to === null || before === null || after === null || sameMesh(from, to)) return []
    if (item.status === 'withdrawn' || (item.result !== null && item.result !== 'ok')) return []
    const difference = Math.log(before / after)
    const [slower, faster] = difference >= 0 ? [from, to] : [to, from]
    return [{ id: item.id, ...cite(item), slower, faster, weight: likeness * Math.min(1, Math.abs(difference) / clearRatio) }]
  })
}

/**
 * What one contrast says of a mesh, -weight (for) to +weight (against): by how much the mesh uses an axis that the faster one has
 * less of, and one that it has more of, in doublings, by the axis that differs most.
 */
export function leanOfContrast({ slower, faster, weight }: Contrast, mesh: Mesh): number {
  let strongest = 0
  for (const axis of axes) {
    const lean = weight * leanOfAxis(axis, slower, faster, mesh)
    if (Math.abs(lean) > Math.abs(strongest)) strongest = lean
  }
  return strongest
}

function leanOfAxis(axis: Axis, slower: Mesh, faster: Mesh, mesh: Mesh): number {
  // every mesh of a slice has what is left on data: more of it says only that other axes have less
  if (axis === 'data') return 0
  const [from, to, used] = [slower, faster, mesh].map((one) => Math.log2(axisSize(one, axis))) as [number, number, number]
  if (from === to) return 0
  return Math.sign(from - to) * Math.min(1, used / Math.max(from, to))
}
