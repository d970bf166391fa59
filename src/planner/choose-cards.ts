import type { Verdict } from '../contract/verdict.ts'
import { hashOf, normalNumbers } from '../numbers/random-numbers.ts'
import { type CostModel, costModel } from './cost-model.ts'
import { compareSimplicity, isTie } from './order.ts'
import { type OrderableVerdict, orderableOf, type VerdictSpace } from './order-verdicts.ts'
import { stepParts } from './pair-errors.ts'
import { keyOfVerdict } from './rank.ts'

type Candidate = OrderableVerdict

/** Verdicts of the ranking that are looked at: the best may be among them. */
const lookedAt = 150
/** Ways in which the model may be wrong that are tried. */
const draws = 192
/** A mesh that takes this much longer than the best is not worth a card. */
const worthShowing = 1.6
/** A card is as good as the best when it comes within this of it. */
const asGood = 1.02
/** So much more than a mesh needs is worth a flag or an axis more that saves it. */
const worthwhileMemory = 1.05
/** More memory than this, for a gain that cannot be told from none, is not worth it. */
const moreMemory = 1.02
/** …and less than this of a device's memory is no cost: a small job leaves nearly all of it free on any mesh. */
const noticedMemory = 0.01

/**
 * The verdicts for the cards: the first of the ranking, and with it those that most likely contain the best mesh. The model's
 * errors are drawn part by part of a step, as the comparison of two meshes knows them; in every draw some mesh is the best; a
 * card covers the draws in which it comes within 2% of it, and the cards are taken that cover the most together. A mesh that
 * costs more memory, a flag or an axis than one before it, for a gain that cannot be told from none, is never a card. Near the
 * limit comes after clear of it. Fewer than `count` where no more are worth it. In the order of the ranking.
 */
export function chooseCards(ranked: readonly Verdict[], space: VerdictSpace, count = 3): Verdict[] {
  const feasible = candidatesOf(ranked, space, count)
  const constants = space.constants ?? costModel
  const clear = feasible.filter(({ key }) => key.tier === 0)
  const own = withinReach(clear.length > 0 ? clear : feasible.filter(({ key }) => key.tier === 1))
  const chosen = cover(withoutDominated(own, constants), count, constants)
  // where too few are left, what has an axis more and costs neither memory nor a flag is still another way
  for (const one of own) {
    if (chosen.length >= count) break
    if (!chosen.includes(one) && !chosen.some((other) => costsMore(other, one, constants))) chosen.push(one)
  }
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

function dominates(other: Candidate, one: Candidate, constants: CostModel): boolean {
  if (!isEither(other, one, constants)) return false
  if (costsMore(other, one, constants)) return true
  // an axis more must at least bring memory
  return compareSimplicity(other.key, one.key) < 0 && needOf(one, other) > 1 / worthwhileMemory
}

/** Whether `one` takes more memory, or a flag that brings none, for a time that cannot be told from the other's. */
function costsMore(other: Candidate, one: Candidate, constants: CostModel): boolean {
  if (!isEither(other, one, constants)) return false
  const needs = needOf(one, other)
  return (needs > moreMemory && shareMore(one, other) > noticedMemory) || (one.key.split > other.key.split && needs > 1 / worthwhileMemory)
}

/** Whether the two cannot be told apart by their times. */
function isEither(other: Candidate, one: Candidate, { pair }: CostModel): boolean {
  return one.key.score < other.key.score ? isTie(one, other, pair) : isTie(other, one, pair)
}

/** What `one` takes more than the other, of the memory that is there. */
function shareMore({ verdict: { memory: one } }: Candidate, { verdict: { memory: other } }: Candidate): number {
  return one && other ? (one.required_gib - other.required_gib) / one.available_gib : 0
}

function needOf(one: Candidate, other: Candidate): number {
  return (one.verdict.memory?.required_gib ?? 0) / (other.verdict.memory?.required_gib ?? 1)
}

/** Greedily, from the first on: each next one covers the most draws that are left; where all are covered, the ranking goes on. */
function cover(candidates: readonly Candidate[], count: number, { pair }: CostModel): Candidate[] {
  const [first] = candidates
  if (!first || count < 1) return []
  const times = candidates.map((one) => drawnTimes(one, pair))
  const best = Array.from({ length: draws }, (_, draw) => Math.min(...times.map((of) => of[draw] ?? Number.POSITIVE_INFINITY)))
  const covers = times.map((of) => of.map((time, draw) => time <= asGood * (best[draw] ?? 0)))
  const chosen = [0]
  while (chosen.length < Math.min(count, candidates.length)) {
    let next = -1
    let most = -1
    for (const index of candidates.keys()) {
      if (chosen.includes(index)) continue
      const added = covers[index]?.filter((covered, draw) => covered && !chosen.some((other) => covers[other]?.[draw])).length ?? 0
      if (added > most) [next, most] = [index, added]
    }
    chosen.push(next)
  }
  return chosen.flatMap((index) => candidates[index] ?? [])
}

/** A candidate's score in every draw: each part of its step errs as that part does for all, and a little by itself. */
function drawnTimes({ key, shares }: Candidate, pair: CostModel['pair']): number[] {
  const parts = shares().shares
  const own = normalNumbers(hashOf([...key.ici, ...key.dcn]))
  return Array.from({ length: draws }, (_, draw) => {
    // half of what no part explains belongs to either of two meshes
    let log = (pair.floor / Math.SQRT2) * own()
    for (const [i, part] of stepParts.entries()) log += (parts[i] ?? 0) * pair[part] * (commonErrors[draw]?.[i] ?? 0)
    return key.score * Math.exp(log)
  })
}

/** The errors of the parts in every draw, the same on every run. */
const commonErrors: readonly (readonly number[])[] = (() => {
  const normal = normalNumbers(1)
  return Array.from({ length: draws }, () => stepParts.map(() => normal()))
})()
