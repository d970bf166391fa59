import type { Experiment } from '../contract/experiment.ts'
import type { Warning } from '../contract/verdict.ts'
import type { CostModel } from './cost-model.ts'
import { createFigures, type FiguresOf } from './figures.ts'
import { offloadsOptimizer, optimizerOffloadFlag } from './footprint/optimizer-state.ts'
import { tokensPerStep } from './model/model-flops.ts'
import { rematPolicy, tunedPolicies } from './remat-policy.ts'
import type { ResolvedRun, Workload } from './workload.ts'

/** A setting of the run to try on every mesh: what differs from the experiment, and its figures. */
export interface Choice {
  workload: Workload
  changes: Partial<Experiment['run']>
  figures: FiguresOf
  tokens: number
  /** The cost model behind them. */
  constants: CostModel
}

const microbatchCounts = [1, 2, 4, 8, 16]
const batchFactors = [0.5, 1, 2, 4]

/**
 * The run as it is first, then every combination of what `tune` lets vary: remat, microbatches, batch, offload of optimizer
 * states.
 */
export function choicesOf(workload: Workload, constants: CostModel): Choice[] {
  const { run, tune, phase } = workload
  const training = phase === 'train'
  const remats = training && tune.includes('remat') ? withFirst(run.remat, tunedPolicies) : [run.remat]
  const microbatches = training && tune.includes('microbatches') ? withFirst(run.microbatches, microbatchCounts) : [run.microbatches]
  const batches = tune.includes('batch') ? withFirst(run.global_batch, wholeBatches(run)) : [run.global_batch]
  const offloads = training && tune.includes('offload') && run.optimizer !== 'none' && !offloadsOptimizer(run) ? [false, true] : [false]
  const choices: Choice[] = []
  for (const remat of remats)
    for (const microbatch of microbatches)
      for (const batch of batches)
        for (const offload of offloads) {
          if (batch % microbatch !== 0) continue
          const changes: Partial<Experiment['run']> = {}
          if (remat !== run.remat) changes.remat = remat
          if (microbatch !== run.microbatches) changes.microbatches = microbatch
          if (batch !== run.global_batch) changes.global_batch = batch
          if (offload) changes.flags = { ...run.flags, [optimizerOffloadFlag]: 'true' }
          choices.push(choiceOf(workload, changes, constants))
        }
  return choices
}

/** One choice: the workload with the changes made. */
export function choiceOf(workload: Workload, changes: Partial<Experiment['run']>, constants: CostModel): Choice {
  const changed = Object.keys(changes).length === 0 ? workload : { ...workload, run: { ...workload.run, ...changes } as ResolvedRun }
  return { workload: changed, changes, figures: createFigures(changed, constants), tokens: tokensPerStep(changed), constants }
}

/** What an engineer must know of a choice beside its numbers. */
export function choiceWarnings({ workload, changes }: Choice): Warning[] {
  const warnings: Warning[] = []
  const { run, phase } = workload
  if (changes.global_batch !== undefined && phase === 'train')
    warnings.push({
      rule: 'convergence',
      message: `the global batch changes to ${changes.global_batch}: whether training converges as well is not judged here; the learning rate may have to follow`,
    })
  if (phase !== 'train') return warnings
  const { certainty } = rematPolicy(run.remat, run.flags)
  if (certainty === 'unknown')
    warnings.push({ rule: 'remat_unknown', message: `remat "${run.remat}" is not a known policy: counted as full` })
  if (certainty === 'assumed')
    warnings.push({
      rule: 'remat_custom',
      message: 'remat custom is a list of tensors that the run does not give: counted as layer inputs on the host, the rest computed again',
    })
  return warnings
}

function withFirst<T>(first: T, others: readonly T[]): T[] {
  return [first, ...others.filter((other) => other !== first)]
}

function wholeBatches(run: ResolvedRun): number[] {
  return batchFactors.map((factor) => run.global_batch * factor).filter((batch) => Number.isInteger(batch) && batch >= 1)
}
