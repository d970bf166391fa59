import thresholds from '../../knowledge/bottleneck.json' with { type: 'json' }

/** Middle value; the mean of the two in the middle for an even count. Null of nothing. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/**
 * Steps that ran in full. A trace opens and closes inside steps, so the first and the last are left out when they are clearly shorter
 * than the others; of two that differ, the longer one counts.
 */
export function fullSteps<Step extends { durationPs: number }>(steps: readonly Step[]): Step[] {
  const real = steps.filter((step) => step.durationPs > 0)
  if (real.length < 2) return real
  const inner = real.length > 2 ? real.slice(1, -1) : real
  const typical = real.length > 2 ? (median(inner.map((step) => step.durationPs)) ?? 0) : Math.max(...real.map((step) => step.durationPs))
  const enough = typical * (1 - thresholds.steps.partial_when_shorter_by)
  return real.filter((step, index) => (index > 0 && index < real.length - 1) || step.durationPs >= enough)
}

export interface StepSummary {
  /** Median of full steps, milliseconds. */
  medianMs: number | null
  /** What XProf shows: the mean of all steps, partial ones too. */
  meanMs: number | null
  full: number
  total: number
  /** Of the numbers between a core's first step and its last, the share that was not recorded. */
  missing: number
  /** Standard deviation of full steps over their mean. */
  spread: number | null
}

/** Steps of all cores together: a step takes as long as on its slowest core. */
export function summarizeSteps(cores: readonly { host: string; steps: readonly { id: number; durationPs: number }[] }[]): StepSummary {
  const longest = new Map<number, number>()
  for (const core of cores) {
    for (const step of core.steps) longest.set(step.id, Math.max(longest.get(step.id) ?? 0, step.durationPs))
  }
  const all = [...longest].sort(([a], [b]) => a - b).map(([id, durationPs]) => ({ id, durationPs }))
  const full = fullSteps(all).map((step) => step.durationPs / 1e9)
  const average = mean(full)
  const variance = mean(full.map((ms) => (ms - average) ** 2))
  return {
    medianMs: median(full),
    meanMs: all.length === 0 ? null : all.reduce((sum, step) => sum + step.durationPs / 1e9, 0) / all.length,
    full: full.length,
    total: all.length,
    missing: mean(cores.map((core) => missingNumbers(core.steps.map((step) => step.id)))),
    spread: full.length > 1 && average > 0 ? Math.sqrt(variance) / average : null,
  }
}

/** Steps count up by one; numbers that are left out belong to steps that were lost. Numbers far apart are no such count. */
function missingNumbers(ids: readonly number[]): number {
  if (ids.length === 0) return 0
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const id of ids) {
    first = Math.min(first, id)
    last = Math.max(last, id)
  }
  const range = last - first + 1
  return range > ids.length && range <= ids.length * 4 ? 1 - ids.length / range : 0
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}
