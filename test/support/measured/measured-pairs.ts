import { meshSize } from '../../../src/contract/mesh.ts'
import { toTuple } from '../../../src/interconnect/mesh-tuple.ts'
import { physicalPlacement } from '../../../src/interconnect/physical-mesh.ts'
import { costModel } from '../../../src/planner/cost-model.ts'
import { createFigures } from '../../../src/planner/figures.ts'
import { measuredRow, readRows } from './measured-rows.ts'
import { groupBy } from './statistics.ts'

/** Two measured meshes of one workload whose times differ by over 5%. */
export interface MeasuredPair {
  faster: string
  slower: string
  workload: string
  comparability: string
  measuredRatio: number
  predictedRatio: number
}

/** Every such pair of the table that can be judged, clean or not; what else differs between the two stands in `comparability`. */
export function measuredPairs(): MeasuredPair[] {
  const candidates = readRows().flatMap((row) => {
    if (row.phase !== 'train' || row.status !== 'ok') return []
    // some pairs state tokens a second and chip in place of the step
    const seconds = row.step_s
      ? Number(row.step_s)
      : row.tok_s_chip
        ? (Number(row.gbs) * Number(row.seq)) / Number(row.tok_s_chip) / Number(row.chips)
        : Number.NaN
    const measured = Number.isFinite(seconds) ? measuredRow({ ...row, step_s: String(seconds) }) : null
    if (!measured || meshSize(measured.workload.mesh!) !== measured.workload.slice.devices) return []
    return [measured]
  })
  const pairs: MeasuredPair[] = []
  for (const [name, group] of groupBy(
    candidates,
    ({ chip, model, workload: w }) =>
      `${model} on ${chip} ${w.slice.dims.join('x')}, s${w.run.seq_len}, batch ${w.run.global_batch}, ${w.run.matmul_dtype}`,
  )) {
    for (const a of group)
      for (const b of group) {
        if (a.measuredMs * 1.05 >= b.measuredMs || JSON.stringify(toTuple(a.workload.mesh!)) === JSON.stringify(toTuple(b.workload.mesh!)))
          continue
        const kinds = [...new Set([a.comparability, b.comparability])].join(', ')
        pairs.push({
          faster: `${a.id} ${meshText(a.workload.mesh!)}`,
          slower: `${b.id} ${meshText(b.workload.mesh!)}`,
          workload: name,
          comparability: kinds,
          measuredRatio: b.measuredMs / a.measuredMs,
          predictedRatio: stepOf(b) / stepOf(a),
        })
      }
  }
  return pairs
}

function stepOf({ workload }: NonNullable<ReturnType<typeof measuredRow>>): number {
  const ici = toTuple(workload.mesh!)
  return createFigures(workload, costModel)(ici, toTuple(workload.dcn), physicalPlacement(ici, workload.slice)).timing.step
}

function meshText(mesh: object): string {
  return Object.entries(mesh)
    .filter(([, size]) => size !== 1)
    .map(([axis, size]) => `${axis} ${size}`)
    .join(' × ')
}
