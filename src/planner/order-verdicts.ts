import type { Verdict } from '../contract/verdict.ts'
import { toTuple } from '../interconnect/mesh-tuple.ts'
import type { Calibration } from './calibrate.ts'
import { type CostModel, costModel } from './cost-model.ts'
import { createMeshRules } from './legality.ts'
import { type Orderable, putInOrder } from './order.ts'
import { type StepShares, stepShares } from './pair-errors.ts'
import { keyOfVerdict, type RankKey } from './rank.ts'
import { type Choice, choiceOf } from './tune.ts'
import type { Workload } from './workload.ts'

/** The space that verdicts are of, and what they were judged with. */
export interface VerdictSpace {
  workload: Workload
  calibration: Calibration
  constants?: CostModel
}

/** A verdict that can be put in order with others. */
export interface OrderableVerdict extends Orderable {
  verdict: Verdict
}

/** Gives verdicts of one space what an order needs; `rekey` changes a key by what is known beside the prediction. */
export function orderableOf(
  verdicts: Iterable<Verdict>,
  { workload, calibration, constants = costModel }: VerdictSpace,
  rekey: (verdict: Verdict, key: RankKey) => RankKey = (_, key) => key,
): OrderableVerdict[] {
  const rules = createMeshRules(workload)
  const choices = new Map<string, Choice>()
  const sharesOf = (verdict: Verdict): StepShares => {
    const name = JSON.stringify(verdict.changes)
    const choice = choices.get(name) ?? choiceOf(workload, verdict.changes, constants)
    choices.set(name, choice)
    const [ici, dcn] = [toTuple(verdict.mesh), toTuple(verdict.dcn)]
    return stepShares(choice.figures(ici, dcn, rules.placement(ici)).timing, calibration)
  }
  return Array.from(verdicts, (verdict) => {
    let shares: StepShares | null = null
    return { verdict, key: rekey(verdict, keyOfVerdict(workload, verdict)), shares: () => (shares ??= sharesOf(verdict)) }
  })
}

/** Verdicts of one space in the order of the ranking. */
export function orderVerdicts(
  verdicts: Iterable<Verdict>,
  space: VerdictSpace,
  rekey?: (verdict: Verdict, key: RankKey) => RankKey,
): Verdict[] {
  const candidates = orderableOf(verdicts, space, rekey)
  return putInOrder(candidates, (space.constants ?? costModel).pair).map(({ verdict }) => verdict)
}
