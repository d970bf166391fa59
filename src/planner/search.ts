import { type MeshTuple, toTuple } from '../interconnect/mesh-tuple.ts'
import type { Calibration } from './calibrate.ts'
import { costModel } from './cost-model.ts'
import { countFactorings, forEachFactoring } from './enumerate.ts'
import { createMeshRules, type MeshRules } from './legality.ts'
import { putInOrder } from './order.ts'
import { type StepShares, stepShares } from './pair-errors.ts'
import { type Bounded, type Bounds, createBounds } from './search-bounds.ts'
import { bestChoice, type Candidate, type Trial } from './search-trial.ts'
import { checkSpace } from './space.ts'
import type { Choice } from './tune.ts'
import type { Workload } from './workload.ts'

export interface Search {
  /** Candidates of the space, legal ones, and those found to be clear of the memory's limit or near it; every choice counts. */
  total: number
  legal: number
  fitting: number
  /** Legal ones that a bound ruled out before they were judged: even at their best they could not come among the first. */
  cut: number
  /** Meshes that were not looked at, because the search was told to stop. */
  leftOut: number
  /** Whether any is clear of the limit. */
  clear: boolean
  /** In the order of the ranking. */
  ranked: Candidate[]
  /** Only when asked for: the meshes that break a rule. */
  illegal: { ici: MeshTuple; dcn: MeshTuple }[]
  rules: MeshRules
}

export interface SearchOptions {
  workload: Workload
  /** What every mesh is tried with, the run as it is first. */
  choices: readonly Choice[]
  calibration: Calibration
  keepIllegal: boolean
  /** Asked now and then; true ends the search with what it has. */
  stop?: () => boolean
}

/** How far a search is. */
export interface SearchProgress {
  meshes: number
  of: number
}

/** Meshes between two reports of progress. */
const reportEvery = 64
const refineEvery = 4
/** The search from its first to its last mesh. @throws PromptsError `too_large` for a space that no search looks at. */
export function search(options: SearchOptions): Search {
  const steps = searchSteps(options)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/**
 * Judges every factoring of the slice over the six axes, times the free ones of the slices, times the choices; between two meshes
 * it hands back how far it is. With several choices a mesh is bounded first: by the choice that computes least and the one that
 * holds least. A mesh that does not fit with the latter fits with none; one whose step would not be among the first even with the
 * former is not judged further.
 */
export function* searchSteps(options: SearchOptions): Generator<SearchProgress, Search> {
  const { workload, choices, calibration, keepIllegal, stop = () => false } = options
  const rules = createMeshRules(workload)
  const slicings = dcnTuples(workload)
  const result: Search = { total: 0, legal: 0, fitting: 0, cut: 0, leftOut: 0, clear: false, ranked: [], illegal: [], rules }
  const fixed = workload.mesh && !workload.tune.includes('mesh') ? toTuple(workload.mesh) : null
  const meshes = fixed ? 1 : countFactorings(workload.slice.devices)
  checkSpace(workload, { meshes, slicings: slicings.length, choices: choices.length })
  result.total = meshes * slicings.length * choices.length
  const trial: Trial = { workload, calibration, rules, counts: result }
  const bounds = createBounds(trial, choices)
  const tuples: MeshTuple[] = []
  if (fixed) tuples.push(fixed)
  else forEachFactoring(workload.slice.devices, (tuple) => void tuples.push([...tuple]))

  const bounded: Bounded[] = []
  let looked = 0
  for (const ici of tuples) {
    if (looked % reportEvery === 0) {
      yield { meshes: looked, of: tuples.length }
      if (stop()) break
    }
    looked++
    const allowed = choices.length > 1 ? slicings : slicings.filter((dcn) => rules.sizesAllowed(ici, dcn, choices[0]?.workload.run))
    if (keepIllegal) for (const dcn of slicings) if (!allowed.includes(dcn)) result.illegal.push({ ici, dcn })
    // where the axes lie costs more than all rules of sizes: it is looked up for those alone that break none
    if (allowed.length === 0) continue
    const placement = rules.placement(ici)
    for (const dcn of allowed) {
      const mesh = { ici, dcn, placement }
      const found = choices.length === 1 ? bestChoice(trial, choices, mesh) : bounds.of(mesh)
      if (!found) {
        if (keepIllegal) result.illegal.push({ ici, dcn })
      } else if ('least' in found) bounded.push(found)
      else result.ranked.push(found)
    }
  }
  result.leftOut = (tuples.length - looked) * slicings.length
  if (bounded.length > 0) yield* refine({ trial, bounded, bounds, of: tuples.length, stop })
  const candidates = result.ranked.map((one) => ({ ...one, shares: sharesOf(one, rules, calibration) }))
  result.ranked = putInOrder(candidates, choices[0]?.constants.pair ?? costModel.pair)
  return result
}

/**
 * Gives the meshes that may be among the first their best choice; the rest stand with the better of the two that bounded them.
 */
function* refine(options: {
  trial: Trial
  bounded: Bounded[]
  bounds: Bounds
  of: number
  stop: () => boolean
}): Generator<SearchProgress, void> {
  const { trial, bounded, bounds, of, stop } = options
  const { counts } = trial
  bounded.sort((a, b) => a.tier - b.tier || a.least - b.least)
  const scores: number[] = []
  let done = 0
  for (const one of bounded) {
    if (done % refineEvery === 0) {
      yield { meshes: of, of }
      if (stop()) break
    }
    if (!bounds.mayBeFirst(one, scores)) break
    done++
    const best = bounds.bestOf(one)
    counts.ranked.push(best)
    if (best.key.tier === 0) scores.push(best.key.score)
  }
  for (const one of bounded.slice(done)) {
    counts.ranked.push(one.candidate)
    counts.cut += one.legal - one.workedOut
  }
}

/** A candidate's step by its parts, made when it is asked for. */
function sharesOf({ choice, ici, dcn }: Candidate, rules: MeshRules, calibration: Calibration): () => StepShares {
  let shares: StepShares | null = null
  return () => (shares ??= stepShares(choice.figures(ici, dcn, rules.placement(ici)).timing, calibration))
}

/** The ways to use the slices: the experiment's own, or every factoring over the axes that can bear the data-center network. */
function dcnTuples(workload: Workload): MeshTuple[] {
  const given = toTuple(workload.dcn)
  if (workload.slices === 1 || given.some((size) => size > 1)) return [given]
  const tuples: MeshTuple[] = []
  forEachFactoring(workload.slices, (tuple) => {
    // only axes whose collectives are rare or can wait; the others are there when the experiment names them
    const [, , , seq, model, expert] = tuple
    if (seq === 1 && model === 1 && expert === 1) tuples.push([...tuple])
  })
  return tuples
}
