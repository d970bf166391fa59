import { meshSize } from '../../src/contract/mesh.ts'
import { toTuple } from '../../src/interconnect/mesh-tuple.ts'
import { physicalPlacement } from '../../src/interconnect/physical-mesh.ts'
import { uncalibrated } from '../../src/planner/calibrate.ts'
import type { CostModel } from '../../src/planner/cost-model.ts'
import { createFigures } from '../../src/planner/figures.ts'
import { type StepShares, stepShares } from '../../src/planner/pair-errors.ts'
import type { Workload } from '../../src/planner/workload.ts'
import { groupBy } from '../../test/support/measured/statistics.ts'
import type { FitRow } from '../../test/support/measured/time-rows.ts'
import type { Contrast } from './contrasts.ts'
import type { HeldBackFits } from './fit-rows.ts'

/** Two meshes of one job, predicted by constants that never saw its model, and which was how much faster. */
export interface HeldPair {
  workload: string
  kind: 'compiled' | 'measured'
  faster: StepShares
  slower: StepShares
  /** Logs of slower over faster. */
  predicted: number
  true: number
}

/** Pairs of compiled schedules and of measured rows whose steps differ by over 5%. */
export function heldPairs(rows: readonly FitRow[], pairs: readonly Contrast[], fits: HeldBackFits): HeldPair[] {
  const names = new Set([...pairs.map(({ faster }) => faster.workload.model.name ?? ''), ...rows.map(({ model }) => model)])
  const found: HeldPair[] = []
  for (const model of names) {
    const constants = fits.without(model)
    const add = (kind: HeldPair['kind'], workload: string, [a, b]: [Workload, Workload], ratio: number) => {
      const [faster, slower] = [sharesOf(a, constants), sharesOf(b, constants)]
      found.push({ kind, workload, faster, slower, predicted: Math.log(slower.step / faster.step), true: Math.log(ratio) })
    }
    for (const { faster, slower, group } of pairs)
      if (faster.workload.model.name === model)
        add('compiled', group, [faster.workload, slower.workload], slower.replayMs / faster.replayMs)
    for (const { name, faster, slower } of measuredOf(rows.filter((row) => row.model === model)))
      add('measured', name, [faster.workload, slower.workload], slower.measuredMs / faster.measuredMs)
  }
  return found
}

/** Rows of one job on two meshes, the same settings otherwise. */
function measuredOf(rows: readonly FitRow[]): { name: string; faster: FitRow; slower: FitRow }[] {
  const found: { name: string; faster: FitRow; slower: FitRow }[] = []
  const groups = groupBy(
    rows.filter(({ qualifying, workload }) => qualifying && meshSize(workload.mesh!) === workload.slice.devices),
    ({ chip, model, workload: w }) => JSON.stringify([model, chip, w.slice.dims, w.run.seq_len, w.run.global_batch, w.run.matmul_dtype]),
  )
  for (const [name, group] of groups)
    for (const faster of group)
      for (const slower of group)
        if (faster.measuredMs * 1.05 < slower.measuredMs && faster.ici.join() !== slower.ici.join()) found.push({ name, faster, slower })
  return found
}

function sharesOf(workload: Workload, constants: CostModel): StepShares {
  const ici = toTuple(workload.mesh!)
  const { timing } = createFigures(workload, constants)(ici, toTuple(workload.dcn), physicalPlacement(ici, workload.slice))
  return stepShares(timing, uncalibrated(workload))
}
