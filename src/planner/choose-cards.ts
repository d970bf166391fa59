import type { Verdict } from '../contract/verdict.ts'
import { hashOf, normalNumbers, randomNumbers } from '../numbers/random-numbers.ts'
import { type CostModel, costModel } from './cost-model.ts'
import { clearProbability } from './memory-probability.ts'
import { isTie } from './order.ts'
import { type OrderableVerdict, orderableOf, type VerdictSpace } from './order-verdicts.ts'
import { stepParts } from './pair-errors.ts'
import { keyOfVerdict } from './rank.ts'

type Candidate = OrderableVerdict
/** What evidence says of a verdict, in standard deviations of what its model leaves unexplained: negative for it. */
export type Lean = (verdict: Verdict) => number

/** Verdicts of the ranking that are looked at: the best may be among them. */
const lookedAt = 150
/** Ways in which the model may be wrong that are tried. */
const draws = 512
/** A mesh that takes this much longer than the best is not worth a card. */
const worthShowing = 1.6
/** A card is as good as the best when it comes within this of it. */
const asGood = 1.02
/** So much less likely to fit is a cost: what a mesh that counts as clear of the limit may lack. */
const noticedRisk = 1 - clearProbability
/** So much more of a device's memory is one too; less lies within the errors of what is predicted. */
const noticedMemory = 0.05
/** So much more than a mesh needs is worth a flag that saves it. */
const worthwhileMemory = 1.05

/**
 * The verdicts for the cards: the first of the ranking, and with it those that most likely contain the best mesh. The model's
 * errors are drawn part by part of a step, as the comparison of two meshes knows them, and with them whether a mesh fits; in
 * every draw some mesh is the best of those that fit; a card covers the draws in which it comes within 2% of it, and the cards
 * are taken that cover the most together. What evidence leans to shifts a mesh by the error that nothing else explains. A mesh
 * that is less likely to fit than one before it, takes more memory or a flag, for a gain that cannot be told from none, is never
 * a card; an axis more is no cost, what is simpler is only first of what is as good. Near the limit comes after clear of it.
 * Fewer than `count` where no more are worth it. In the order of the ranking.
 */
export function chooseCards(ranked: readonly Verdict[], space: VerdictSpace, count = 3, lean: Lean = () => 0): Verdict[] {
  const feasible = candidatesOf(ranked, space, count)
  const constants = space.constants ?? costModel
  const clear = feasible.filter(({ key }) => key.tier === 0)
  const own = withinReach(clear.length > 0 ? clear : feasible.filter(({ key }) => key.tier === 1))
  const chosen = cover(withoutDominated(own, constants), count, { constants, lean })
  return chosen.sort((a, b) => feasible.indexOf(a) - feasible.indexOf(b)).map(({ verdict }) => verdict)
}

/** Warnings of a cost that the predicted time does not count: such a mesh is a card only where too few are without. */
const uncounted: ReadonlySet<string> = new Set(['short_sequence', 'weights_not_sharded', 'pipeline_padding'])

function candidatesOf(ranked: readonly Verdict[], space: VerdictSpace, count: number): Candidate[] {
  const near = ranked.filter((verdict) => keyOfVerdict(space.workload, verdict).tier < 2)
  const counted = near.filter(({ warnings }) => !warnings.some(({ rule }) => uncounted.has(rule)))
  return orderableOf((counted.length >= count ? counted : near).slice(0, lookedAt), space)
}

function withinReach(candidates: readonly Candidate[]): Candidate[] {
  const best = Math.min(...candidates.map(({ key }) => key.score))
  return candidates.filter(({ key }) => key.score <= worthShowing * best)
}

/** What no card is worth beside one before it. */
function withoutDominated(candidates: readonly Candidate[], constants: CostModel): Candidate[] {
  const kept: Candidate[] = []
  for (const one of candidates) if (!kept.some((other) => dominates(other, one, constants))) kept.push(one)
  return kept
}

/**
 * Whether `one` is less likely to fit, takes more memory or a flag that saves none, for a time that cannot be told from the
 * other's.
 */
function dominates(other: Candidate, one: Candidate, constants: CostModel): boolean {
  if (!isEither(other, one, constants)) return false
  if (fitOf(other) - fitOf(one) > noticedRisk || shareMore(one, other) > noticedMemory) return true
  return one.key.split > other.key.split && needOf(one, other) > 1 / worthwhileMemory
}

/** Whether the two cannot be told apart by their times. */
function isEither(other: Candidate, one: Candidate, { pair }: CostModel): boolean {
  return one.key.score < other.key.score ? isTie(one, other, pair) : isTie(other, one, pair)
}

/** How likely it fits; the compiler's word is certain. */
function fitOf({ verdict: { memory, compiler } }: Candidate): number {
  return compiler?.status === 'fits' ? 1 : (memory?.probability ?? 0)
}

/** What `one` takes more than the other, of the memory that is there. */
function shareMore({ verdict: { memory: one } }: Candidate, { verdict: { memory: other } }: Candidate): number {
  return one && other ? (one.required_gib - other.required_gib) / one.available_gib : 0
}

function needOf(one: Candidate, other: Candidate): number {
  return (one.verdict.memory?.required_gib ?? 0) / (other.verdict.memory?.required_gib ?? 1)
}

/**
 * Greedily, from the first on: each next one covers the most draws that are left. A count of draws errs by its root: of those
 * that differ by less, the first of the ranking.
 */
function cover(
  candidates: readonly Candidate[],
  count: number,
  { constants: { pair }, lean }: { constants: CostModel; lean: Lean },
): Candidate[] {
  const [first] = candidates
  if (!first || count < 1) return []
  const times = candidates.map((one) => drawnTimes(one, pair, lean(one.verdict)))
  const best = Array.from({ length: draws }, (_, draw) => Math.min(...times.map((of) => of[draw] ?? Number.POSITIVE_INFINITY)))
  const covers = times.map((of) => of.map((time, draw) => Number.isFinite(time) && time <= asGood * (best[draw] ?? 0)))
  const chosen = [0]
  while (chosen.length < Math.min(count, candidates.length)) {
    const added = covers.map((own, index) =>
      chosen.includes(index) ? -1 : own.filter((covered, draw) => covered && !chosen.some((other) => covers[other]?.[draw])).length,
    )
    const most = Math.max(...added)
    const next = added.findIndex((count) => count >= 0 && count >= most - Math.sqrt(most))
    chosen.push(next)
  }
  return chosen.flatMap((index) => candidates[index] ?? [])
}

/**
 * A candidate's score in every draw, infinite where it does not fit: each part of its step errs as that part does for all, and a
 * little by itself; its memory errs as that of all, which are one program.
 */
function drawnTimes(candidate: Candidate, pair: CostModel['pair'], lean: number): number[] {
  const { key, shares } = candidate
  const parts = shares().shares
  const fit = fitOf(candidate)
  const own = normalNumbers(hashOf([...key.ici, ...key.dcn]))
  return commonErrors.map(({ memory, time }) => {
    // half of what no part explains belongs to either of two meshes; what is known from elsewhere speaks of that
    let log = (pair.floor / Math.SQRT2) * (own() + lean)
    for (const [i, part] of stepParts.entries()) log += (parts[i] ?? 0) * pair[part] * (time[i] ?? 0)
    return memory > fit ? Number.POSITIVE_INFINITY : key.score * Math.exp(log)
  })
}

/** The errors in every draw, the same on every run: of memory as the probability to fit that it takes, of time by part. */
const commonErrors: readonly { memory: number; time: readonly number[] }[] = (() => {
  const [normal, uniform] = [normalNumbers(1), randomNumbers('memory')]
  return Array.from({ length: draws }, () => ({ memory: uniform(), time: stepParts.map(() => normal()) }))
})()
