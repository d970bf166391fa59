import { axisSize } from '../../src/contract/mesh.ts'
import { toTuple } from '../../src/interconnect/mesh-tuple.ts'
import { physicalPlacement } from '../../src/interconnect/physical-mesh.ts'
import { type CostModel, costModel, efficiencies } from '../../src/planner/cost-model.ts'
import { createFigures } from '../../src/planner/figures.ts'
import type { Workload } from '../../src/planner/workload.ts'

/** 1 when a rule puts the faster of two meshes first, 0 when it puts it last, a half when it cannot tell them apart. */
export type Credit = 0 | 0.5 | 1

/** "Pure FSDP, never anything else": the mesh with more of its devices on the data axis is the faster one. */
export function fsdpCredit(faster: Workload, slower: Workload): Credit {
  const share = ({ mesh, dcn }: Workload) => axisSize(mesh!, 'data') * axisSize(dcn, 'data')
  return credit(share(faster) - share(slower))
}

/** Any legal mesh is as good as another. */
export const randomCredit: Credit = 0.5

/**
 * The roofline alone: the longest of arithmetic, HBM traffic and collectives at their peaks, each perfectly hidden behind the
 * longest.
 */
export function rooflineCredit(faster: Workload, slower: Workload): Credit {
  return credit(roofline(slower) / roofline(faster) - 1, 0.001)
}

function credit(difference: number, resolution = 0): Credit {
  if (Math.abs(difference) <= resolution) return 0.5
  return difference > 0 ? 1 : 0
}

const perfect: CostModel = {
  ...costModel,
  time: {
    ...costModel.time,
    ...efficiencies(() => 1),
    attention_efficiency: 1,
    quantized_efficiency: 1,
    expert_efficiency_dropping: 1,
    expert_efficiency_dropless: 1,
    expert_width_half: 0,
    quantized_experts: 1,
    activation_links: 1,
    hbm_efficiency: 1,
    ici_efficiency: 1,
    dcn_efficiency: 1,
    partial_sums: 0,
  },
}

function roofline(workload: Workload): number {
  const ici = toTuple(workload.mesh!)
  const { compute, hbm, communication } = createFigures(workload, perfect)(
    ici,
    toTuple(workload.dcn),
    physicalPlacement(ici, workload.slice),
  ).timing
  return Math.max(compute, hbm, communication)
}
