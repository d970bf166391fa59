import { toTuple } from '../../src/interconnect/mesh-tuple.ts'
import { placer } from '../../src/interconnect/physical-mesh.ts'
import { costModel } from '../../src/planner/cost-model.ts'
import { createFigures, type Figures } from '../../src/planner/figures.ts'
import { modelTerms } from '../../src/planner/model/model-terms.ts'
import { type ServingConstants, servingConstants } from '../../src/planner/serving/serving-constants.ts'
import { dtypeBytes, type Workload } from '../../src/planner/workload.ts'

/** One public serving measurement: a decoded token's milliseconds on a mesh. */
export interface ServedRow {
  id: string
  engine: 'vllm' | 'sglang' | 'maxtext'
  model: string
  workload: Workload
  measuredMs: number
}

export function figuresOf({ workload }: ServedRow, constants: ServingConstants = servingConstants): Figures {
  const mesh = toTuple(workload.mesh!)
  return createFigures(workload, costModel, constants)(mesh, toTuple({}), placer(workload.slice)(mesh))
}

export function stepMs(row: ServedRow, constants: ServingConstants): number {
  return figuresOf(row, constants).timing.step * 1000
}

/** Weights that a token visits and the cache, at the brochure's bandwidth over all devices. */
export function boundMs(row: ServedRow): number {
  const { model, run, chip, slice } = row.workload
  const bytes = modelTerms(model).activeMatmul * dtypeBytes[run.weight_dtype] + figuresOf(row).memory.kvCache * slice.devices
  return (bytes / (chip.hbm_gbps * 1e9 * slice.chips)) * 1000
}
