import type { Mesh } from '../../src/contract/mesh.ts'
import { toTuple } from '../../src/interconnect/mesh-tuple.ts'
import { physicalPlacement } from '../../src/interconnect/physical-mesh.ts'
import { createFigures, type Figures } from '../../src/planner/figures.ts'
import { gib } from '../../src/planner/footprint/memory-parts.ts'
import type { Workload } from '../../src/planner/workload.ts'

/** The evaluator's figures of one mesh. */
export function figuresOf(workload: Workload, mesh: Mesh, dcn: Mesh = {}): Figures {
  const ici = toTuple(mesh)
  return createFigures(workload)(ici, toTuple(dcn), physicalPlacement(ici, workload.slice))
}

export function inGib(bytes: number): number {
  return bytes / gib
}
