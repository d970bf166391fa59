import { axisSize, compactMesh, type Mesh } from '../../contract/mesh.ts'
import type { Placed } from '../../contract/placed.ts'

/** What binds the job, as far as the three templates tell them apart. */
export type Binding = 'compute' | 'hbm' | 'communication'

/** At most so many proposals, as the paper's agent gives. */
const proposals = 3
/** How much model parallelism the template for HBM brings in. */
const fourWay = 4

/**
 * The three moves that the PROMPTS paper shows, from the mesh that ran: bound by compute, half the sequence parallelism goes to
 * data; by HBM, four-way model parallelism takes devices of the others; by communication, half the model parallelism goes to
 * data. Applied again and again.
 */
export function templateMeshes(start: Placed, binding: Binding): Placed[] {
  const found: Placed[] = []
  let mesh: Mesh | null = start.mesh
  while (found.length < proposals) {
    mesh = moved(mesh, binding)
    if (mesh === null) break
    found.push({ mesh: compactMesh(mesh), dcn: start.dcn })
  }
  return found
}

function moved(mesh: Mesh, binding: Binding): Mesh | null {
  if (binding === 'compute') return shift(mesh, ['seq', 'model'], 'data', 2)
  if (binding === 'communication') return shift(mesh, ['model', 'seq'], 'data', 2)
  return shift(mesh, ['replica', 'seq', 'data'], 'model', fourWay)
}

/** Moves a factor from the first axis that has it; null where none has. */
function shift(mesh: Mesh, from: readonly (keyof Mesh)[], to: keyof Mesh, factor: number): Mesh | null {
  const giver = from.find((axis) => axisSize(mesh, axis) % factor === 0)
  if (giver === undefined) return null
  return { ...mesh, [giver]: axisSize(mesh, giver) / factor, [to]: axisSize(mesh, to) * factor }
}
