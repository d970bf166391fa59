import type { Experiment } from '../contract/experiment.ts'
import type { Nearest } from '../contract/verdict.ts'
import { fromTuple } from '../interconnect/mesh-tuple.ts'
import { type Calibration, calibratedStep } from './calibrate.ts'
import type { CostModel } from './cost-model.ts'
import { gib } from './footprint/memory-parts.ts'
import { offloadsOptimizer, optimizerOffloadFlag } from './footprint/optimizer-state.ts'
import { memoryCertainty } from './memory-probability.ts'
import { forMesh } from './outcomes.ts'
import { scoreOf } from './rank.ts'
import { tunedPolicies } from './remat-policy.ts'
import type { Search } from './search.ts'
import { type Choice, choiceOf } from './tune.ts'
import { verdictOf } from './verdict-of.ts'
import type { Workload } from './workload.ts'

type Changes = Partial<Experiment['run']>

/** Meshes that are tried with changed settings: those that need the least. */
const triedMeshes = 24
const microbatchFactors = [2, 4, 8, 16]
const tilings = [4, 16]
const tilingFlag = 'num_vocab_tiling'

/**
 * The mesh that comes nearest to fitting, and the smallest change of the run with which one does: of single settings the one that costs the
 * least time, else the same of two settings together. A change that leaves a mesh clear of the limit goes before one that leaves it near.
 */
export function nearestOf(workload: Workload, found: Search, options: { calibration: Calibration; constants: CostModel }): Nearest | null {
  const { calibration, constants } = options
  const meshes = found.ranked.toSorted((a, b) => b.key.margin - a.key.margin).slice(0, triedMeshes)
  const [first] = meshes
  if (!first) return null
  const asIs = choiceOf(workload, {}, constants)
  const singles = singleChanges(workload)
  for (const changes of [singles, pairsOf(singles)]) {
    let best: { change: Choice; mesh: (typeof meshes)[number]; certain: boolean; score: number } | null = null
    for (const one of changes) {
      const change = choiceOf(workload, one, constants)
      for (const mesh of meshes) {
        if (!found.rules.isLegal(mesh.ici, mesh.dcn, change.workload.run)) continue
        const { margin, timing } = change.figures(mesh.ici, mesh.dcn, found.rules.placement(mesh.ici))
        const { probability, certainty } = memoryCertainty(change.workload, margin, mesh.ici[1] * mesh.dcn[1])
        if (probability < 0.5) continue
        const certain = certainty === 'clear'
        const score = scoreOf(workload, calibratedStep(timing, forMesh(calibration, mesh.ici, mesh.dcn)), change.tokens)
        if (!best || Number(certain) > Number(best.certain) || (certain === best.certain && score < best.score))
          best = { change, mesh, certain, score }
      }
    }
    if (best) {
      const { mesh, change } = best
      const verdict = verdictOf({ choice: change, rules: found.rules, ici: mesh.ici, dcn: mesh.dcn, calibration, baseline: null })
      return { ...needOf(asIs, mesh, found), change: change.changes, verdict }
    }
  }
  return { ...needOf(asIs, first, found), change: null, verdict: null }
}

function needOf(asIs: Choice, { ici, dcn }: Search['ranked'][number], { rules }: Search): Omit<Nearest, 'change' | 'verdict'> {
  const { memory } = asIs.figures(ici, dcn, rules.placement(ici))
  const rounded = Number((memory.required / gib).toPrecision(6))
  return {
    mesh: fromTuple(ici),
    dcn: fromTuple(dcn),
    required_gib: rounded,
    available_gib: asIs.workload.chip.hbm_available_gib_per_device,
  }
}

/** Changes of one setting that may save memory. */
function singleChanges({ run, phase, framework }: Workload): Changes[] {
  if (phase !== 'train') return run.kv_dtype === 'int8' ? [] : [{ kv_dtype: 'int8' }]
  const changes: Changes[] = tunedPolicies.filter((policy) => policy !== run.remat).map((remat) => ({ remat }))
  for (const factor of microbatchFactors) {
    const microbatches = run.microbatches * factor
    if (run.global_batch % microbatches === 0) changes.push({ microbatches })
  }
  if (run.optimizer !== 'none' && !offloadsOptimizer(run)) changes.push({ flags: { ...run.flags, [optimizerOffloadFlag]: 'true' } })
  if (framework === 'maxtext' && run.flags[tilingFlag] === undefined)
    for (const tiles of tilings) changes.push({ flags: { ...run.flags, [tilingFlag]: String(tiles) } })
  return changes
}

function pairsOf(singles: readonly Changes[]): Changes[] {
  const pairs: Changes[] = []
  for (const [i, a] of singles.entries())
    for (const b of singles.slice(i + 1)) {
      const shared = Object.keys(a).filter((key) => key in b)
      if (shared.length === 0) pairs.push({ ...a, ...b })
      else if (a.flags && b.flags && !sameFlag(a.flags, b.flags)) pairs.push({ ...a, ...b, flags: { ...a.flags, ...b.flags } })
    }
  return pairs
}

/** Both change the same flag, to different values. */
function sameFlag(a: NonNullable<Changes['flags']>, b: NonNullable<Changes['flags']>): boolean {
  return (tilingFlag in a && tilingFlag in b) || (optimizerOffloadFlag in a && optimizerOffloadFlag in b)
}
