import { compareKeys } from './rank.ts'
import { tunedPolicies } from './remat-policy.ts'
import { bestChoice, type Candidate, candidateOf, type LaidMesh, type Trial } from './search-trial.ts'
import type { Choice } from './tune.ts'

/** A legal mesh with what bounds the choices for it. */
export interface Bounded {
  mesh: LaidMesh
  /** The tier of the choice that holds least: no other is better. */
  tier: 0 | 1 | 2 | 3
  /** The score of the choice that computes least: no other is smaller. */
  least: number
  /** The better of the two. */
  candidate: Candidate
  /** Choices that are legal for it, and those of them that were worked out for the bound. */
  legal: number
  workedOut: number
}

export interface Bounds {
  /** The bound of a mesh; null where it is legal with no choice. */
  of: (mesh: LaidMesh) => Bounded | null
  /** The best choice of a bounded mesh: groups of choices that cannot better it are passed over. */
  bestOf: (bounded: Bounded) => Candidate
  /** Whether a mesh may come among the first, given the scores of those found clear of the limit so far. */
  mayBeFirst: (bounded: Bounded, scores: readonly number[]) => boolean
}

/** Choices that are legal for the same meshes: of one batch and one number of microbatches. */
interface Group {
  all: Choice[]
  fastest: Choice
  leanest: Choice
}

/** Meshes that get their best choice whatever their bound: enough for the cards, the table and the ties among them. */
const fewestRefined = 48
/** A mesh this much slower than the best is no tie with it. */
const beyondTies = 1.35

export function createBounds(trial: Trial, choices: readonly Choice[]): Bounds {
  const groups = groupsOf(choices, trial.workload.objective === 'latency')
  const { rules, counts } = trial
  const legalGroups = ({ ici, dcn, placement }: LaidMesh) =>
    placement.physical === 'impossible' ? [] : groups.filter(({ fastest }) => rules.isLegal(ici, dcn, fastest.workload.run))
  return {
    of(mesh) {
      const legal = legalGroups(mesh)
      const [first] = legal
      const last = legal.at(-1)
      if (!first || !last) return null
      const number = legal.reduce((sum, { all }) => sum + all.length, 0)
      counts.legal += number
      // the first group has the fewest passes a token, the last the fewest tokens at once
      const fast = candidateOf(trial, first.fastest, mesh)
      const lean = candidateOf(trial, last.leanest, mesh)
      const both = compareKeys(fast.key, lean.key) <= 0 ? fast : lean
      for (const { key } of [fast, lean]) {
        if (key.tier < 2) counts.fitting++
        counts.clear ||= key.tier === 0
      }
      const tier = Math.min(lean.key.tier, fast.key.tier) as Bounded['tier']
      return { mesh, tier, least: Math.min(fast.key.score, lean.key.score), candidate: both, legal: number, workedOut: 2 }
    },
    bestOf({ mesh, candidate }) {
      let best = candidate
      for (const { all, fastest } of legalGroups(mesh)) {
        if (best.key.tier === 0 && candidateOf(trial, fastest, mesh).key.score > best.key.score) {
          counts.cut += all.length
          continue
        }
        counts.legal -= all.length
        const found = bestChoice(trial, all, mesh)
        if (found && compareKeys(found.key, best.key) < 0) best = found
      }
      return best
    },
    mayBeFirst({ least, tier }, scores) {
      if (scores.length < fewestRefined) return true
      return tier === 0 && least <= beyondTies * Math.min(...scores)
    },
  }
}

/** Groups from the one that takes the least time for a token to the one that holds the fewest tokens at once. */
function groupsOf(choices: readonly Choice[], latency: boolean): Group[] {
  const byRun = new Map<string, Choice[]>()
  for (const choice of choices) {
    const { global_batch: batch, microbatches } = choice.workload.run
    const name = `${batch} ${microbatches}`
    const group = byRun.get(name)
    if (group) group.push(choice)
    else byRun.set(name, [choice])
  }
  const runOf = (choice: Choice) => choice.workload.run
  const groups = [...byRun.values()].map((all): Group => ({ all, fastest: extreme(all, fastFirst), leanest: extreme(all, leanFirst) }))
  const batchSign = latency ? 1 : -1
  return groups.sort((a, b) => {
    const [x, y] = [runOf(a.fastest), runOf(b.fastest)]
    const each = x.global_batch / x.microbatches - y.global_batch / y.microbatches
    return batchSign * each || batchSign * (x.global_batch - y.global_batch)
  })
}

function extreme(choices: readonly Choice[], order: (a: Choice, b: Choice) => number): Choice {
  return choices.reduce((best, one) => (order(one, best) < 0 ? one : best))
}

/** From keeping everything on the device to computing everything again: fewer passes first; states on the host cost time. */
function fastFirst(a: Choice, b: Choice): number {
  return offloads(a) - offloads(b) || keeps(b) - keeps(a)
}

/** What is sent to the host leaves the inputs where they are, as computing everything again does, which is the surer to fit. */
function leanFirst(a: Choice, b: Choice): number {
  return offloads(b) - offloads(a) || Number(recomputesAll(b)) - Number(recomputesAll(a)) || keeps(a) - keeps(b)
}

function recomputesAll({ workload }: Choice): boolean {
  return workload.run.remat === 'full'
}

function offloads({ changes }: Choice): number {
  return changes.flags === undefined ? 0 : 1
}

/** The place of a policy in the list from the most memory to the least; one that is not tuned is between. */
function keeps(choice: Choice): number {
  const place = tunedPolicies.indexOf(choice.workload.run.remat)
  return place < 0 ? 0 : tunedPolicies.length - place
}
