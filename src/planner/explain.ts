import { formatMesh } from '../contract/mesh.ts'
import { samePlaced } from '../contract/placed.ts'
import type { Estimate, Memory, Verdict } from '../contract/verdict.ts'
import { keyOfVerdict } from './rank.ts'
import type { Workload } from './workload.ts'

/**
 * Why a mesh is not among the first, in one or two sentences with numbers: what it breaks, what does not fit, or what makes it
 * slower than the best. `ranked` is the plan's ranking; `verdict` need not be in it.
 */
export function explainMesh(options: { workload: Workload; verdict: Verdict; ranked: readonly Verdict[]; top?: number }): string {
  const { workload, verdict, ranked, top = 3 } = options
  const name = formatMesh(verdict.mesh)
  if (verdict.violations.length > 0) {
    const more = verdict.violations.length - 1
    return `${name} cannot run: ${verdict.violations[0]!.message}${more > 0 ? ` (and ${more} more)` : ''}.`
  }
  const { memory, estimate, compiler } = verdict
  if (!memory || !estimate) return `${name} cannot be judged: it does not fill the job's devices.`
  if (compiler?.status === 'oom')
    return `${name} does not fit: the TPU compiler needs ${gib(compiler.required_gib)} of ${gib(compiler.available_gib ?? memory.available_gib)}.`
  if (memory.certainty === 'no' && compiler?.status !== 'fits')
    return `${name} does not fit: it needs ${gib(memory.required_gib)} of ${gib(memory.available_gib)}, most of it ${largest(memory)}.`

  const place = ranked.findIndex((other) => samePlaced(other, verdict))
  if (place >= 0 && place < top)
    return `${name} is number ${place + 1}: ${stepText(estimate)}, ${gib(memory.required_gib)} of ${gib(memory.available_gib)}.`
  const best = ranked[0]
  if (!best?.estimate || !best.memory) return `${name}: ${stepText(estimate)}; there is no other mesh to compare it with.`
  if (keyOfVerdict(workload, verdict).tier > keyOfVerdict(workload, best).tier)
    return `${name} is near the limit (${gib(memory.required_gib)} of ${gib(memory.available_gib)}, ${(memory.probability * 100).toFixed(0)}% likely to fit), so meshes with clear room come first; ${stepText(estimate)}.`
  const where = place >= 0 ? ` (number ${place + 1} of ${ranked.length} legal meshes)` : ''
  return `${name}${where} is predicted at ${stepText(estimate)} against ${stepText(best.estimate)} for ${formatMesh(best.mesh)}${slower(estimate, best.estimate)}.`
}

/** What the slower step has more of: the part that grew most. */
function slower(estimate: Estimate, best: Estimate): string {
  const parts = [
    ['exposed communication', estimate.exposed_communication_ms - best.exposed_communication_ms, estimate.exposed_communication_ms],
    ['arithmetic', estimate.compute_ms - best.compute_ms, estimate.compute_ms],
    ['HBM traffic', estimate.hbm_ms - best.hbm_ms, estimate.hbm_ms],
    ['waiting for the host', estimate.host_ms - best.host_ms, estimate.host_ms],
  ] as const
  const [name, more, total] = parts.reduce((a, b) => (b[1] > a[1] ? b : a))
  const gap = estimate.step_time_ms - best.step_time_ms
  if (gap <= 0 || more <= 0.2 * gap) return ''
  return `: ${name} takes ${time(total)}, ${time(more)} more`
}

function largest({ breakdown }: Memory): string {
  const [name, size] = Object.entries(breakdown).reduce((a, b) => (b[1] > a[1] ? b : a))
  return `${name.replace('_', ' ')} (${gib(size)})`
}

function stepText(estimate: Estimate): string {
  return `${time(estimate.step_time_ms)} per step`
}

function time(ms: number): string {
  return ms >= 1000 ? `${(ms / 1000).toPrecision(3)} s` : `${ms.toPrecision(3)} ms`
}

function gib(value: number | null): string {
  return value === null ? 'an unknown amount' : `${value.toFixed(1)} GiB`
}
