import { type MeshTuple, toTuple, usedAxes } from '../interconnect/mesh-tuple.ts'
import type { Placement } from '../interconnect/placement.ts'
import { type Calibration, calibratedStep } from './calibrate.ts'
import { costModel } from './cost-model.ts'
import { countFactorings, forEachFactoring } from './enumerate.ts'
import { createJudge, type Judge } from './legality.ts'
import { memoryCertainty } from './memory-probability.ts'
import { putInOrder } from './order.ts'
import { type StepShares, stepShares } from './pair-errors.ts'
import { compareKeys, memoryTier, type RankKey, scoreOf, sloTier } from './rank.ts'
import { checkSpace } from './space.ts'
import type { Choice } from './tune.ts'
import type { Workload } from './workload.ts'

/** A legal mesh with the best of the choices for it. Its figures are made again for what is shown: keeping them all costs more. */
interface Candidate {
  ici: MeshTuple
  dcn: MeshTuple
  choice: Choice
  key: RankKey
}

export interface Search {
  /** Candidates looked at, legal ones, and those that are clear of the memory's limit or near it; every choice counts. */
  total: number
  legal: number
  fitting: number
  /** Whether any is clear of it. */
  clear: boolean
  /** In the order of the ranking. */
  ranked: Candidate[]
  /** Only when asked for: the meshes that break a rule. */
  illegal: { ici: MeshTuple; dcn: MeshTuple }[]
  judge: Judge
}

/**
 * Judges every factoring of the slice over the six axes, times the free ones of the slices, times the choices.
 * @throws PromptsError `too_large` for a space that no search looks at.
 */
export function search(workload: Workload, choices: readonly Choice[], calibration: Calibration, keepIllegal: boolean): Search {
  const judge = createJudge(workload)
  const slicings = dcnTuples(workload)
  const result: Search = { total: 0, legal: 0, fitting: 0, clear: false, ranked: [], illegal: [], judge }
  const trial: Trial = { workload, choices, calibration, judge, counts: result }
  const one = (tuple: MeshTuple): void => {
    const placement = judge.placement(tuple)
    for (const dcn of slicings) {
      const best = bestChoice(trial, { ici: tuple, dcn, placement })
      if (best) result.ranked.push(best)
      else if (keepIllegal) result.illegal.push({ ici: [...tuple], dcn })
    }
  }
  const fixed = workload.mesh && !workload.tune.includes('mesh') ? toTuple(workload.mesh) : null
  const meshes = fixed ? 1 : countFactorings(workload.slice.devices)
  checkSpace(workload, { meshes, slicings: slicings.length, choices: choices.length })
  if (fixed) one(fixed)
  else forEachFactoring(workload.slice.devices, one)
  result.total = meshes * slicings.length * choices.length
  const candidates = result.ranked.map((one) => ({ ...one, shares: sharesOf(one, judge, calibration) }))
  result.ranked = putInOrder(candidates, choices[0]?.constants.pair ?? costModel.pair)
  return result
}

/** A candidate's step by its parts, made when it is asked for. */
function sharesOf({ choice, ici, dcn }: Candidate, judge: Judge, calibration: Calibration): () => StepShares {
  let shares: StepShares | null = null
  return () => (shares ??= stepShares(choice.evaluate(ici, dcn, judge.placement(ici)).timing, calibration))
}

/** What every mesh of a search is judged with. */
interface Trial {
  workload: Workload
  choices: readonly Choice[]
  calibration: Calibration
  judge: Judge
  counts: Search
}

function bestChoice(
  { workload, choices, calibration, judge, counts }: Trial,
  mesh: { ici: MeshTuple; dcn: MeshTuple; placement: Placement },
): Candidate | null {
  const { ici, dcn, placement } = mesh
  if (placement.physical === 'impossible') return null
  let best: Candidate | null = null
  let kept: MeshTuple | null = null
  for (const choice of choices) {
    if (!judge.isLegal(ici, dcn, choice.workload.run)) continue
    counts.legal++
    kept ??= [...ici]
    const figures = choice.evaluate(ici, dcn, placement)
    const tier = memoryTier[memoryCertainty(choice.workload, figures.margin, ici[1] * dcn[1]).certainty]
    if (tier < 2) counts.fitting++
    counts.clear ||= tier === 0
    const step = calibratedStep(figures.timing, calibration)
    const key: RankKey = {
      tier,
      slo: sloTier(workload, step * 1000),
      score: scoreOf(workload, step, choice.tokens),
      evidence: 1,
      axes: usedAxes(ici) + usedAxes(dcn),
      split: placement.physical === 'split' ? 1 : 0,
      margin: figures.margin,
      ici: kept,
      dcn,
    }
    if (!best || compareKeys(key, best.key) < 0) best = { ici: kept, dcn, choice, key }
  }
  return best
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
