import type { Plan, Verdict } from '../contract/verdict.ts'
import { type MeshTuple, toTuple } from '../interconnect/mesh-tuple.ts'
import { baselineOf } from './baseline.ts'
import type { Calibration } from './calibrate.ts'
import { calibrateWorkload } from './calibrate-workload.ts'
import { type CostModel, costModel } from './cost-model.ts'
import { nearestToFit, nearestToObjective } from './nearest.ts'
import { search } from './search.ts'
import { type Choice, choiceOf, choicesOf } from './tune.ts'
import { verdictOf } from './verdict-of.ts'
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
  /** Asked now and then; true ends the search with what it has. */
  stop?: () => boolean
  /** Hears what a bound ruled out unjudged, and how many meshes were left out because the search was stopped. */
  onSearched?: (counts: { cut: number; leftOut: number }) => void
}

/** The whole space ranked, as the contract's `Plan`. Pure but for the clock it is given. */
export function planExperiment(options: PlanOptions): Plan {
  const { workload, clock, top, all = false, constants = costModel } = options
  const started = clock()
  const calibration = options.calibration ?? calibrateWorkload({ workload, constants })
  const found = search({ workload, choices: choicesOf(workload, constants), calibration, keepIllegal: all, stop: options.stop })
  const shown = top === undefined ? found.ranked : found.ranked.slice(0, top)
  const { rules } = found
  options.onSearched?.({ cut: found.cut, leftOut: found.leftOut })
  const baseline = baselineOf(workload, { calibration, constants })
  const verdictOn = (choice: Choice, { ici, dcn }: { ici: MeshTuple; dcn: MeshTuple }) =>
    verdictOf({ choice, rules, ici, dcn, calibration, baseline })
  const ranked: Verdict[] = shown.map((candidate) => verdictOn(candidate.choice, candidate))
  const asIs = choiceOf(workload, {}, constants)
  if (all) for (const mesh of found.illegal) ranked.push(verdictOn(asIs, mesh))
  return {
    nearest: (found.clear ? nearestToObjective : nearestToFit)(workload, found, { calibration, constants }),
    assumptions: [],
    experiment_file: null,
    experiment: workload.id,
    space: { total: found.total, legal: found.legal, fitting: found.fitting },
    baseline: workload.mesh && verdictOn(asIs, { ici: toTuple(workload.mesh), dcn: toTuple(workload.dcn) }),
    ranked,
    elapsed_ms: clock() - started,
  }
}
