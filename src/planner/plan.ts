import type { Plan, Verdict } from '../contract/verdict.ts'
import type { Calibration } from './calibrate.ts'
import { calibrateWorkload } from './calibrate-workload.ts'
import { type CostModel, costModel } from './cost-model.ts'
import { search } from './search.ts'
import { choiceOf, choicesOf } from './tune.ts'
import { evaluateMesh, verdictOf } from './verdict-of.ts'
import type { Workload } from './workload.ts'

export interface PlanOptions {
  workload: Workload
  /** What measurements say; without it the experiment's own measured step anchors the predictions, where there is one. */
  calibration?: Calibration
  /** How many of the ranking to return; all when absent. */
  top?: number
  /** Append the meshes that break a rule. */
  all?: boolean
  /** Milliseconds of a clock, for `elapsed_ms`. */
  clock: () => number
  constants?: CostModel
}

/** The whole space ranked, as the contract's `Plan`. Pure but for the clock it is given. */
export function planExperiment(options: PlanOptions): Plan {
  const { workload, clock, top, all = false, constants = costModel } = options
  const started = clock()
  const calibration = options.calibration ?? calibrateWorkload({ workload, constants })
  const found = search(workload, choicesOf(workload, constants), calibration, all)
  const shown = top === undefined ? found.ranked : found.ranked.slice(0, top)
  const { judge } = found
  const ranked: Verdict[] = shown.map(({ choice, ici, dcn }) => verdictOf({ choice, judge, ici, dcn, calibration }))
  if (all) {
    const asIs = choiceOf(workload, {}, constants)
    for (const { ici, dcn } of found.illegal) ranked.push(verdictOf({ choice: asIs, judge, ici, dcn, calibration }))
  }
  const baseline = workload.mesh ? evaluateMesh(workload, workload.mesh, workload.dcn, {}, { calibration, constants }) : null
  const space = { total: found.total, legal: found.legal, fitting: found.fitting }
  return { experiment: workload.id, space, baseline, ranked, elapsed_ms: clock() - started }
}
