import type { MeshTuple } from '../interconnect/mesh-tuple.ts'
import type { Placement } from '../interconnect/placement.ts'
import { type Calibration, calibratedStep } from './calibrate.ts'
import type { MeshRules } from './legality.ts'
import { memoryCertainty } from './memory-probability.ts'
import { forMesh } from './outcomes.ts'
import { compareKeys, memoryTier, type RankKey, scoreOf, sharingAxes, sloTier } from './rank.ts'
import type { Choice } from './tune.ts'
import type { Workload } from './workload.ts'

/**
 * A legal mesh with the best of the choices for it. Its figures are made again for what is shown: keeping them all costs more.
 */
export interface Candidate {
  ici: MeshTuple
  dcn: MeshTuple
  choice: Choice
  key: RankKey
}

/** What a search counts as it goes. */
export interface TrialCounts {
  legal: number
  fitting: number
  cut: number
  clear: boolean
  ranked: Candidate[]
}

/** What every mesh of a search is judged with. */
export interface Trial {
  workload: Workload
  calibration: Calibration
  rules: MeshRules
  counts: TrialCounts
}

export interface LaidMesh {
  ici: MeshTuple
  dcn: MeshTuple
  placement: Placement
}

/** The best of some choices for a mesh; null where it is legal with none of them. */
export function bestChoice(trial: Trial, choices: readonly Choice[], mesh: LaidMesh): Candidate | null {
  const { rules, counts } = trial
  const { ici, dcn, placement } = mesh
  if (placement.physical === 'impossible') return null
  let best: Candidate | null = null
  for (const choice of choices) {
    if (!rules.isLegal(ici, dcn, choice.workload.run)) continue
    counts.legal++
    const candidate = candidateOf(trial, choice, mesh)
    if (candidate.key.tier < 2) counts.fitting++
    counts.clear ||= candidate.key.tier === 0
    if (!best || compareKeys(candidate.key, best.key) < 0) best = candidate
  }
  return best
}

/** A legal candidate with its key. */
export function candidateOf({ workload, calibration }: Trial, choice: Choice, mesh: LaidMesh): Candidate {
  const { ici, dcn, placement } = mesh
  const figures = choice.figures(ici, dcn, placement)
  const tier = memoryTier[memoryCertainty(choice.workload, figures.margin, ici[1] * dcn[1]).certainty]
  const step = calibratedStep(figures.timing, forMesh(calibration, ici, dcn))
  const key: RankKey = {
    tier,
    slo: sloTier(workload, step * 1000),
    score: scoreOf(workload, step, choice.tokens),
    lean: 0,
    axes: sharingAxes(workload.phase, ici) + sharingAxes(workload.phase, dcn),
    split: placement.physical === 'split' ? 1 : 0,
    margin: figures.margin,
    ici,
    dcn,
  }
  return { ici, dcn, choice, key }
}
