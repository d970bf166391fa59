import type { Nearest, Verdict } from '../contract/verdict.ts'
import { fromTuple } from '../interconnect/mesh-tuple.ts'
import { type Calibration, calibratedStep } from './calibrate.ts'
import type { CostModel } from './cost-model.ts'
import { gib } from './footprint/memory-parts.ts'
import { memoryCertainty } from './memory-probability.ts'
import { type Changes, latencyChanges, memoryChanges, pairsOf } from './nearest-changes.ts'
import { forMesh } from './outcomes.ts'
import { scoreOf } from './rank.ts'
import { type Search, search } from './search.ts'
import { worstMiss } from './slo.ts'
import { type Choice, choiceOf } from './tune.ts'
import { verdictOf } from './verdict-of.ts'
import type { Workload } from './workload.ts'

interface Judging {
  calibration: Calibration
  constants: CostModel
}

type Ranked = Search['ranked'][number]

/** Meshes that are tried with changed settings: those that need the least, or take the least time. */
const triedMeshes = 24

/**
 * The mesh that comes nearest to fitting, and the smallest change of the run with which one does: of single settings the one that
 * costs the least time, else the same of two settings together. A change that leaves a mesh clear of the limit goes before one
 * that leaves it near. Beside it the next larger slice on which the job fits as it is.
 */
export function nearestToFit(workload: Workload, found: Search, options: Judging): Nearest | null {
  const { calibration, constants } = options
  const meshes = found.ranked.toSorted((a, b) => b.key.margin - a.key.margin).slice(0, triedMeshes)
  const [first] = meshes
  if (!first) return null
  const asIs = choiceOf(workload, {}, constants)
  const larger = onLargerSlice(workload, options, ({ memory }) => memory?.fits ?? false)
  const singles = memoryChanges(workload)
  for (const changes of [singles, pairsOf(singles)]) {
    let best: { change: Choice; mesh: Ranked; certain: boolean; score: number } | null = null
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
      const verdict = verdictOn(best.change, best.mesh, found, calibration)
      return { ...needOf(asIs, best.mesh, found), change: best.change.changes, verdict, larger }
    }
  }
  return { ...needOf(asIs, first, found), change: null, verdict: null, larger }
}

/**
 * Where no mesh that fits meets the latency that is asked: the mesh that misses by least, and the change of the run with which
 * one meets it that costs the least throughput, of single settings, else of two. Null where one meets it as it is, or nothing is
 * asked.
 */
export function nearestToObjective(workload: Workload, found: Search, options: Judging): Nearest | null {
  const { calibration, constants } = options
  const { slo } = workload
  if (Object.values(slo).every((limit) => limit === undefined)) return null
  const meshes = found.ranked.filter(({ key }) => key.tier < 2).slice(0, triedMeshes)
  const missOf = ({ estimate }: Verdict) => (estimate && worstMiss(slo, estimate)?.ratio) ?? 0
  let first: { mesh: Ranked; miss: number } | null = null
  for (const mesh of meshes) {
    const miss = missOf(verdictOn(mesh.choice, mesh, found, calibration))
    if (miss <= 1) return null
    if (!first || miss < first.miss) first = { mesh, miss }
  }
  if (!first) return null
  const asIs = choiceOf(workload, {}, constants)
  const larger = onLargerSlice(workload, options, (verdict) => (verdict.memory?.fits ?? false) && missOf(verdict) <= 1)
  const singles = latencyChanges(workload)
  for (const changes of [singles, pairsOf(singles)]) {
    let best: { change: Changes; mesh: Ranked; verdict: Verdict; rate: number } | null = null
    for (const one of changes) {
      const change = choiceOf(workload, one, constants)
      for (const mesh of meshes) {
        if (!found.rules.isLegal(mesh.ici, mesh.dcn, change.workload.run)) continue
        const verdict = verdictOn(change, mesh, found, calibration)
        const rate = verdict.estimate?.tokens_per_second_per_chip ?? 0
        if (!verdict.memory?.fits || missOf(verdict) > 1 || rate <= (best?.rate ?? 0)) continue
        best = { change: change.changes, mesh, verdict, rate }
      }
    }
    if (best) return { ...needOf(asIs, best.mesh, found), change: best.change, verdict: best.verdict, larger }
  }
  return { ...needOf(asIs, first.mesh, found), change: null, verdict: null, larger }
}

function verdictOn(choice: Choice, { ici, dcn }: Ranked, { rules }: Search, calibration: Calibration): Verdict {
  return verdictOf({ choice, rules, ici, dcn, calibration, baseline: null })
}

/** The best mesh of the next larger slice that does, with the run as it is; null where none does or there is no such slice. */
function onLargerSlice(workload: Workload, { calibration, constants }: Judging, does: (verdict: Verdict) => boolean): Nearest['larger'] {
  const { larger } = workload
  if (!larger) return null
  const onIt: Workload = { ...workload, slice: larger, mesh: null, tune: ['mesh'] }
  const choice = choiceOf(onIt, {}, constants)
  const found = search({ workload: onIt, choices: [choice], calibration, keepIllegal: false })
  for (const mesh of found.ranked.slice(0, triedMeshes)) {
    const verdict = verdictOn(choice, mesh, found, calibration)
    if (verdict.estimate && verdict.memory && does(verdict))
      return {
        slice: larger.name ?? larger.dims.join('x'),
        ...{ mesh: verdict.mesh, dcn: verdict.dcn, required_gib: verdict.memory.required_gib },
        step_time_ms: verdict.estimate.step_time_ms,
      }
  }
  return null
}

function needOf(asIs: Choice, { ici, dcn }: Ranked, { rules }: Search): Omit<Nearest, 'change' | 'verdict' | 'larger'> {
  const { memory } = asIs.figures(ici, dcn, rules.placement(ici))
  const rounded = Number((memory.required / gib).toPrecision(6))
  return {
    mesh: fromTuple(ici),
    dcn: fromTuple(dcn),
    required_gib: rounded,
    available_gib: asIs.workload.chip.hbm_available_gib_per_device,
  }
}
