import { toTuple } from '../../../src/interconnect/mesh-tuple.ts'
import { physicalPlacement } from '../../../src/interconnect/physical-mesh.ts'
import type { CostModel } from '../../../src/planner/cost-model.ts'
import { createFigures } from '../../../src/planner/figures.ts'
import { gib } from '../../../src/planner/footprint/memory-parts.ts'
import type { MemoryCase } from './memory-cases.ts'

/** The planner's peak of a program, GiB a device. */
export function predictGib({ workload, mesh, dcn }: Pick<MemoryCase, 'workload' | 'mesh' | 'dcn'>, constants: CostModel): number {
  const ici = toTuple(mesh)
  return createFigures(workload, constants)(ici, toTuple(dcn), physicalPlacement(ici, workload.slice)).memory.required / gib
}
