import type { Estimate } from '../contract/verdict.ts'

/** A part of a step on its critical path. */
export interface Part {
  key: 'compute' | 'hbm' | 'communication' | 'host' | 'other'
  label: string
  ms: number
}

/** What each part is called. */
export const partLabels = {
  compute: 'compute',
  hbm: 'HBM, not hidden',
  communication: 'exposed communication',
  host: 'host',
  other: 'bubble and overhead',
} as const

/**
 * Parts that add up to the step: HBM time counts only where compute does not cover it, communication only where it is exposed.
 */
export function partsOf(estimate: Estimate): Part[] {
  let left = Math.max(0, estimate.step_time_ms)
  const take = (ms: number) => {
    const taken = Math.max(0, Math.min(left, ms))
    left -= taken
    return taken
  }
  const host = take(estimate.host_ms)
  const communication = take(estimate.exposed_communication_ms)
  const compute = take(estimate.compute_ms)
  const hbm = take(estimate.hbm_ms)
  const times = { compute, hbm, communication, host, other: left }
  return (Object.keys(partLabels) as Part['key'][])
    .map((key) => ({ key, label: partLabels[key], ms: times[key] }))
    .filter((part) => part.ms > estimate.step_time_ms * 1e-4)
}
