import { experimentSchema } from '../../src/contract/experiment.ts'
import { resolveWorkload } from '../../src/experiment/resolve-workload.ts'
import { fromTuple, type MeshTuple, toTuple } from '../../src/interconnect/mesh-tuple.ts'
import { findChip } from '../../src/knowledge/data/chips.ts'
import { resolveModel } from '../../src/knowledge/data/models.ts'
import { findSlice } from '../../src/knowledge/data/topologies.ts'
import { calibrateWorkload } from '../../src/planner/calibrate-workload.ts'
import { costModel } from '../../src/planner/cost-model.ts'
import { forEachFactoring } from '../../src/planner/enumerate.ts'
import { createMeshRules } from '../../src/planner/legality.ts'
import { putInOrder } from '../../src/planner/order.ts'
import { stepShares } from '../../src/planner/pair-errors.ts'
import { search } from '../../src/planner/search.ts'
import { bestChoice, type Candidate, type TrialCounts } from '../../src/planner/search-trial.ts'
import { choicesOf } from '../../src/planner/tune.ts'
import type { Workload } from '../../src/planner/workload.ts'

/** Jobs whose spaces are small enough to be searched without bounds. */
export function smallSpaces(): Workload[] {
  const jobs: Workload[] = []
  const models = ['llama2-7b', 'llama3.1-8b', 'llama2-70b', 'mixtral-8x7b', 'qwen3-30b-a3b', 'gemma2-27b']
  for (const [chip, topology] of [
    ['v5e', '4x4'],
    ['v6e', '4x8'],
    ['v5p', '2x4x4'],
    ['tpu7x', '2x2x4'],
    ['v5p', '4x4x4'],
  ] as const)
    for (const [i, model] of models.entries()) {
      const objective = i % 3 === 2 ? 'latency' : 'throughput'
      for (const tune of [
        ['mesh', 'remat', 'microbatches'],
        ['mesh', 'remat', 'batch', 'offload'],
      ]) {
        const run = { global_batch: chip === 'v5p' ? 256 : 64, seq_len: i % 2 === 0 ? 4096 : 2048, remat: 'full' }
        const id = `${model}-${topology}-${tune.length}`
        const experiment = experimentSchema.parse({ id, hardware: { chip, topology }, phase: 'train', model, run, tune, objective })
        jobs.push(resolveWorkload(experiment, { findChip, findSlice, resolveModel }))
      }
    }
  return jobs
}

/** Whether the search with bounds puts the same three first as one that judges every choice on every mesh. */
export function firstThreeEqual(workload: Workload): boolean {
  const calibration = calibrateWorkload({ workload })
  const choices = choicesOf(workload, costModel)
  const bounded = search({ workload, choices, calibration, keepIllegal: false }).ranked
  return names(bounded) === names(exhaustive(workload))
}

/** Every choice on every mesh, in the order of the ranking. */
function exhaustive(workload: Workload): Candidate[] {
  const rules = createMeshRules(workload)
  const calibration = calibrateWorkload({ workload })
  const counts: TrialCounts = { legal: 0, fitting: 0, cut: 0, clear: false, ranked: [] }
  const dcn: MeshTuple = toTuple(workload.dcn)
  const choices = choicesOf(workload, costModel)
  const found: Candidate[] = []
  forEachFactoring(workload.slice.devices, (tuple) => {
    const ici: MeshTuple = [...tuple]
    const best = bestChoice({ workload, calibration, rules, counts }, choices, { ici, dcn, placement: rules.placement(ici) })
    if (best) found.push(best)
  })
  const shares = ({ choice, ici }: Candidate) => stepShares(choice.figures(ici, dcn, rules.placement(ici)).timing, calibration)
  return putInOrder(
    found.map((one) => ({ ...one, shares: () => shares(one) })),
    costModel.pair,
  )
}

function names(ranked: readonly Candidate[]): string {
  return JSON.stringify(ranked.slice(0, 3).map(({ ici, dcn, choice }) => [fromTuple(ici), fromTuple(dcn), choice.changes]))
}
