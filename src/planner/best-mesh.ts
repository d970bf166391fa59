import type { Verdict } from '../contract/verdict.ts'
import { calibrateWorkload } from './calibrate-workload.ts'
import { type CostModel, costModel } from './cost-model.ts'
import { search } from './search.ts'
import { choicesOf } from './tune.ts'
import { verdictOf } from './verdict-of.ts'
import type { Workload } from './workload.ts'

/** The first of a slice's ranking, without what a plan says beside it. */
export interface BestMesh {
  verdict: Verdict
  /** The least memory that any mesh needs, in what is available. */
  leastNeed: number
}

/** The best mesh of a workload's slice; null where none is legal. */
export function bestMesh(workload: Workload, constants: CostModel = costModel): BestMesh | null {
  const calibration = calibrateWorkload({ workload, constants })
  const { ranked, rules } = search({ workload, choices: choicesOf(workload, constants), calibration, keepIllegal: false })
  const [first] = ranked
  if (first === undefined) return null
  const { choice, ici, dcn } = first
  let margin = Number.NEGATIVE_INFINITY
  for (const { key } of ranked) margin = Math.max(margin, key.margin)
  return { verdict: verdictOf({ choice, rules, ici, dcn, calibration, baseline: null }), leastNeed: 1 - margin }
}
