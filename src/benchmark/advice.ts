import type { Verdict } from '../contract/verdict.ts'
import type { Calibration } from '../planner/calibrate.ts'
import { calibrateWorkload } from '../planner/calibrate-workload.ts'
import { chooseCards } from '../planner/choose-cards.ts'
import { type CostModel, costModel } from '../planner/cost-model.ts'
import { planExperiment } from '../planner/plan.ts'
import type { Workload } from '../planner/workload.ts'

/** What the planner says of a job: every legal mesh in its order, and the cards. */
export interface Advice {
  ranked: Verdict[]
  cards: Verdict[]
  /** Legal meshes, and how many of them are thought to fit. */
  space: { total: number; legal: number; fitting: number }
  elapsedMs: number
}

/** The advice on a job. Pure but for the clock; no case of the library is looked at, so no answer can be looked up. */
export function adviseOn(
  workload: Workload,
  clock: () => number,
  { constants = costModel, calibration }: { constants?: CostModel; calibration?: Calibration } = {},
): Advice {
  const started = clock()
  const known = calibration ?? calibrateWorkload({ workload, constants })
  const { ranked, space } = planExperiment({ workload, clock, calibration: known, constants })
  const cards = chooseCards(ranked, { workload, calibration: known, constants })
  return { ranked, cards, space, elapsedMs: clock() - started }
}
