import type { Case } from '../contract/case.ts'
import type { Mesh } from '../contract/mesh.ts'
import { samePlaced } from '../contract/placed.ts'
import type { Verdict } from '../contract/verdict.ts'
import { floorStepMs } from '../planner/impossible.ts'
import { modelTerms } from '../planner/model/model-terms.ts'
import { resolveLayers, sameModel } from '../planner/model/resolved-model.ts'
import { orderVerdicts, type VerdictSpace } from '../planner/order-verdicts.ts'
import type { ResolvedRun, Workload } from '../planner/workload.ts'

/** What a tenant itself measured, or saw fail, for one mesh of the very same workload. */
export interface OwnMeasurement {
  caseId: string
  mesh: Mesh
  dcn: Mesh
  stepTimeMs: number | null
  failed: boolean
}

/** The cases of this tenant that ran this workload: same chips, model and phase, and every recorded setting the same. */
export function ownMeasurements(workload: Workload, tenant: string, cases: readonly Case[]): OwnMeasurement[] {
  const floor = floorStepMs(workload).ms
  return (
    cases
      .filter((item) => item.tenant === tenant && item.to !== null && item.status !== 'withdrawn' && isSameWorkload(workload, item))
      .filter((item) => item.measured_after_ms !== null || didNotRun(item))
      // a case may have been written by hand: a step that the hardware cannot reach is no measurement
      .filter((item) => item.measured_after_ms === null || item.measured_after_ms >= floor)
      .map((item) => ({
        caseId: item.id,
        mesh: item.to!,
        dcn: item.dcn,
        stepTimeMs: item.measured_after_ms,
        failed: didNotRun(item),
      }))
  )
}

function didNotRun({ result }: Case): boolean {
  return result === 'oom' || result === 'illegal' || result === 'failed'
}

export function isSameWorkload(workload: Workload, { workload: other }: Case): boolean {
  if (other.chip !== workload.slice.chip || other.phase !== workload.phase || other.slices !== workload.slices) return false
  if (!sameTopology(workload, other.topology) || !isModel(workload, other.model)) return false
  if (other.run.global_batch === undefined || other.run.seq_len === undefined) return false
  return Object.entries(other.run).every(
    ([name, value]) => JSON.stringify(workload.run[name as keyof ResolvedRun]) === JSON.stringify(value),
  )
}

function sameTopology({ slice }: Workload, topology: string): boolean {
  return topology === slice.name || topology === slice.dims.join('x')
}

function isModel({ model }: Workload, other: Case['workload']['model']): boolean {
  if (typeof other === 'string') return other === model.name
  return sameModel(model, resolveLayers(other))
}

/**
 * A ranking in which the tenant's own measurements stand above predictions: a measured mesh is placed by what it measured, one
 * that failed comes after everything that fits. `lean` orders what predictions cannot tell apart.
 */
export function rankWithMeasurements(
  space: VerdictSpace,
  ranked: readonly Verdict[],
  measurements: readonly OwnMeasurement[],
  lean: (verdict: Verdict) => number = () => 0,
): Verdict[] {
  return orderVerdicts(ranked, space, (verdict, plain) => {
    const key = { ...plain, lean: lean(verdict) }
    const own = measurementOf(verdict, measurements)
    if (!own) return key
    if (own.failed) return { ...key, tier: Math.max(2, key.tier) as 2 | 3 }
    const ratio = own.stepTimeMs! / (verdict.estimate?.step_time_ms ?? own.stepTimeMs!)
    return { ...key, score: key.score * ratio }
  })
}

/** The latest measurement of exactly this mesh with no other change. */
export function measurementOf(verdict: Verdict, measurements: readonly OwnMeasurement[]): OwnMeasurement | null {
  if (Object.keys(verdict.changes).length > 0) return null
  return measurements.findLast((one) => samePlaced(one, verdict)) ?? null
}

/** A workload's parameters: all, and those that a token meets. */
export function parameterCounts(workload: Workload): { parameters: number; activeParameters: number } {
  const terms = modelTerms(workload.model)
  return { parameters: terms.total, activeParameters: Math.min(terms.total, terms.activeMatmul) }
}
