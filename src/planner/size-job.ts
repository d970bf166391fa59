import type { Size } from '../contract/size.ts'
import type { Verdict } from '../contract/verdict.ts'
import { jobChips, jobPeakFlops, modelFlops, tokensPerStep } from './model/model-flops.ts'
import { planExperiment } from './plan.ts'
import type { Workload } from './workload.ts'

/** How much is to be trained, and in how long; null where the job does not say. */
export interface Budget {
  tokens: number | null
  days: number | null
}

export interface SizeOptions {
  /** The same job on slices of one chip, the smallest first. */
  ladders: readonly (readonly Workload[])[]
  budget: Budget
  clock: () => number
}

type Option = Size['options'][number]
/** An option with what it misses by: 1 or less meets. */
interface Sized {
  option: Option
  miss: number
}

/** Slices that are judged beyond the first of a chip that meets the job: dearer by the hour, at times cheaper in all. */
const beyondFirst = 1
/** How much more than in proportion to its chips a larger slice may gain on one that fits. */
const beyondLinear = 1.2
const dayMs = 86_400_000
const limits = ['ttft_ms', 'tpot_ms', 'ttft_p99_ms', 'tpot_p99_ms'] as const

/**
 * The best mesh of each slice that may do, the cheapest that meets the job first, then what misses by least. A slice that is too slow at the
 * peak of its chips, or at what a smaller one makes of them, is passed over unless it is the largest of its chip, and so are those much larger
 * than one that meets the job.
 */
export function sizeJob({ ladders, budget, clock }: SizeOptions): Option[] {
  const sized = ladders.flatMap((ladder) => climb(ladder, budget, clock))
  return sized.sort((a, b) => order(a, b)).map(({ option }) => option)
}

function climb(ladder: readonly Workload[], budget: Budget, clock: () => number): Sized[] {
  const found: Sized[] = []
  let beyond = 0
  let chipDays = 0
  for (const [at, workload] of ladder.entries()) {
    const atPeak = daysOf(workload, budget, (modelFlops(workload) / jobPeakFlops(workload)) * 1000)
    const scaled = chipDays / jobChips(workload) / beyondLinear
    if (at < ladder.length - 1 && Math.max(atPeak, scaled) > (budget.days ?? Infinity)) continue
    const [best] = planExperiment({ workload, top: 1, clock }).ranked
    const sized = best && sizeOn(workload, best, budget)
    if (sized) found.push(sized)
    if (sized?.option.memory.fits) chipDays = daysOf(workload, budget, sized.option.estimate.step_time_ms) * jobChips(workload)
    if (found.some(({ option }) => option.meets) && beyond++ >= beyondFirst) break
  }
  return found
}

function sizeOn(workload: Workload, { mesh, dcn, estimate, memory, legal }: Verdict, budget: Budget): Sized | null {
  if (!legal || estimate === null || memory === null) return null
  const days = daysOf(workload, budget, estimate.step_time_ms)
  const ratios = limits.map((name) => (estimate[name] ?? 0) / (workload.slo[name] ?? Infinity))
  const miss = Math.max(
    ...ratios,
    memory.fits ? 0 : Math.max(1, memory.required_gib / memory.available_gib) * 1.0001,
    days / (budget.days ?? Infinity),
  )
  const usdPerHour = jobChips(workload) * workload.chip.usd_per_chip_hour
  return {
    miss,
    option: {
      slice: workload.slice.name ?? `${workload.slice.chip}:${workload.slice.dims.join('x')}`,
      ...{ slices: workload.slices, mesh, dcn, meets: miss <= 1, usd_per_hour: usdPerHour },
      ...{ usd_total: budget.tokens === null ? null : days * 24 * usdPerHour, estimate, memory },
    },
  }
}

/** Days of the job's tokens at a step of so many milliseconds; 0 where it says no tokens. */
function daysOf(workload: Workload, { tokens }: Budget, stepMs: number): number {
  return tokens === null ? 0 : ((tokens / tokensPerStep(workload)) * stepMs) / dayMs
}

function order(a: Sized, b: Sized): number {
  if (a.option.meets !== b.option.meets) return a.option.meets ? -1 : 1
  if (!a.option.meets) return a.miss - b.miss
  const cost = ({ option }: Sized) => option.usd_total ?? option.usd_per_hour
  return cost(a) - cost(b)
}
