import type { Size } from '../contract/size.ts'
import { type BestMesh, bestMesh } from './best-mesh.ts'
import { jobChips, tokensPerStep } from './model/model-flops.ts'
import { sizeFloor } from './size-floor.ts'
import { worstMiss } from './slo.ts'
import type { Workload } from './workload.ts'

/** How much is to be trained, in how long, and for how much; null where the job does not say. */
export interface Budget {
  tokens: number | null
  days: number | null
  usd: number | null
  usdPerHour: number | null
  usdPerMillionTokens: number | null
}

export interface SizeOptions {
  /** The same job on slices of one chip, the smallest first. */
  ladders: readonly (readonly Workload[])[]
  budget: Budget
}

type Option = Size['options'][number]
/** An option with what it misses by: 1 or less meets. */
interface Judged {
  option: Option
  miss: number
  leastNeed: number
  chips: number
}

/** Slices that are judged beyond the first of a chip that meets the job: dearer by the hour, at times cheaper in all. */
const beyondFirst = 1
/** How much more than in proportion to its chips a larger slice may gain on a smaller one. */
const beyondLinear = 1.3
/** How much less than in proportion to its chips a larger slice may need. */
const beyondShare = 0.8
/**
 * A slice that brings less than this over the best so far brings nothing; after so many of them in a row more chips do not help.
 */
const worthwhile = 0.97
const patience = 3
/** A shape with so many times the chips of the one before is worth judging beside it. */
const worthJudging = 1.06
const dayMs = 86_400_000

/**
 * The best mesh of each slice that may do, the cheapest that meets the job first, then what misses by least. A slice is passed
 * over unjudged where sums over the whole job already say that it is too small or too slow, or where a smaller one says so of it
 * in proportion; and so are those much larger than one that meets the job, or those where more chips have stopped to help.
 */
export function sizeJob({ ladders, budget }: SizeOptions): Option[] {
  const judged = ladders.flatMap((ladder) => climb(ladder, budget))
  return judged.sort(order).map(({ option }) => option)
}

/** The same with every slice judged and none passed over: what the shorter way is held against. */
export function sizeEverySlice({ ladders, budget }: SizeOptions): Option[] {
  const judged = ladders.flat().flatMap((workload) => judgeBest(workload, budget) ?? [])
  return judged.sort(order).map(({ option }) => option)
}

/** What the slices of a chip that were judged say of larger ones. */
interface Known {
  /** Chip-days of the tokens at best; memory of one device times devices, where it did not fit. */
  chipDays: number
  deviceNeed: number
  miss: number
  withoutGain: number
}

/**
 * First the slices whose chips are a power of two, which every model's sizes suit; then the shapes between the last of them that
 * misses and the first that meets.
 */
function climb(ladder: readonly Workload[], budget: Budget): Judged[] {
  const largest = ladder.at(-1)
  if (largest === undefined) return []
  const known: Known = { chipDays: 0, deviceNeed: 0, miss: Number.POSITIVE_INFINITY, withoutGain: 0 }
  // what not even the largest could keep is judged on the smaller ones too: they say how near it comes
  const reachable = !isTooSlow(largest, budget, sizeFloor(largest).stepMs)
  const even = ladder.filter((workload) => workload.slices > 1 || Number.isInteger(Math.log2(workload.slice.chips)))
  const found = climbOver(even, { budget, known, reachable, beyond: beyondFirst, learns: true })
  const met = found.filter(({ miss }) => miss <= 1).map(({ chips }) => chips)
  const first = Math.min(...met)
  const below = Math.max(0, ...even.map(jobChips).filter((chips) => chips < first))
  // a training that ends earlier may cost less on more chips
  const most = budget.tokens === null ? first : first * 2
  const between = ladder.filter((workload) => !even.includes(workload) && jobChips(workload) > below && jobChips(workload) < most)
  found.push(...climbOver(apart(between), { budget, known, reachable, beyond: 0, learns: false }))
  if (found.length > 0) return found
  // the largest says how far off a job is that nothing meets
  const judged = judgeBest(largest, budget)
  return judged === null ? [] : [judged]
}

/** Without those that are hardly larger than the one before: they cost as much, and take as long to judge. */
function apart(ladder: readonly Workload[]): Workload[] {
  let last = 0
  return ladder.filter((workload) => {
    if (jobChips(workload) < last * worthJudging) return false
    last = jobChips(workload)
    return true
  })
}

interface Climb {
  budget: Budget
  known: Known
  reachable: boolean
  /** Slices judged after the first that meets. */
  beyond: number
  /** What is judged says something of what is larger. */
  learns: boolean
}

function climbOver(ladder: readonly Workload[], { budget, known, reachable, beyond, learns }: Climb): Judged[] {
  const found: Judged[] = []
  let met = 0
  for (const workload of ladder) {
    if (isHopeless(workload, budget, known, reachable)) continue
    const judged = judgeBest(workload, budget)
    if (judged === null) continue
    found.push(judged)
    // a shape that suits the job badly says nothing of the next
    if (learns) learn(known, workload, judged, budget)
    if (judged.miss <= 1) met++
    if (met > beyond || (!reachable && known.withoutGain >= patience)) break
  }
  return found
}

function judgeBest(workload: Workload, budget: Budget): Judged | null {
  const best = bestMesh(workload)
  return best === null ? null : judge(workload, best, budget)
}

function isHopeless(workload: Workload, budget: Budget, { chipDays, deviceNeed }: Known, reachable: boolean): boolean {
  const floor = sizeFloor(workload)
  const devices = workload.slice.devices * workload.slices
  if (Math.max(floor.need, (deviceNeed / devices) * beyondShare) > 1) return true
  if (!reachable) return false
  return (
    isTooSlow(workload, budget, floor.stepMs) || chipDays / jobChips(workload) / beyondLinear > (budget.days ?? Number.POSITIVE_INFINITY)
  )
}

function isTooSlow(workload: Workload, budget: Budget, stepMs: number): boolean {
  const { tpot_ms: tpot, tpot_p99_ms: p99 } = workload.slo
  if (daysOf(workload, budget, stepMs) > (budget.days ?? Number.POSITIVE_INFINITY)) return true
  return workload.phase === 'decode' && stepMs > Math.min(tpot ?? Number.POSITIVE_INFINITY, p99 ?? Number.POSITIVE_INFINITY)
}

function learn(known: Known, workload: Workload, { option, miss, leastNeed }: Judged, budget: Budget): void {
  const { fits } = option.memory
  const chipDays = daysOf(workload, budget, option.estimate.step_time_ms) * jobChips(workload)
  if (fits) known.chipDays = Math.min(known.chipDays || chipDays, chipDays)
  else {
    const need = leastNeed * workload.slice.devices * workload.slices
    known.deviceNeed = Math.min(known.deviceNeed || need, need)
  }
  // what does not fit says nothing of speed
  known.withoutGain = !fits || miss < known.miss * worthwhile ? 0 : known.withoutGain + 1
  if (fits) known.miss = Math.min(known.miss, miss)
}

function judge(workload: Workload, { verdict, leastNeed }: BestMesh, budget: Budget): Judged | null {
  const { mesh, dcn, estimate, memory, legal } = verdict
  if (!legal || estimate === null || memory === null) return null
  const days = daysOf(workload, budget, estimate.step_time_ms)
  const usdPerHour = jobChips(workload) * workload.chip.usd_per_chip_hour
  const usdTotal = budget.tokens === null ? null : days * 24 * usdPerHour
  const over = (value: number | null, limit: number | null) => (value ?? 0) / (limit ?? Number.POSITIVE_INFINITY)
  const miss = Math.max(
    worstMiss(workload.slo, estimate)?.ratio ?? 0,
    memory.fits ? 0 : Math.max(1, memory.required_gib / memory.available_gib) * 1.0001,
    over(days, budget.days),
    over(usdTotal, budget.usd),
    over(usdPerHour, budget.usdPerHour),
    over(estimate.usd_per_million_tokens, budget.usdPerMillionTokens),
  )
  return {
    ...{ miss, leastNeed, chips: jobChips(workload) },
    option: {
      slice: workload.slice.name ?? `${workload.slice.chip}:${workload.slice.dims.join('x')}`,
      ...{ slices: workload.slices, mesh, dcn, meets: miss <= 1, usd_per_hour: usdPerHour, usd_total: usdTotal, estimate, memory },
    },
  }
}

/**
 * Days of the job's tokens at a step of so many milliseconds, with what restarts and checkpoints take; 0 where it says no tokens.
 */
function daysOf(workload: Workload, { tokens }: Budget, stepMs: number): number {
  return tokens === null ? 0 : ((tokens / tokensPerStep(workload)) * stepMs) / dayMs / workload.chip.goodput
}

function order(a: Judged, b: Judged): number {
  if (a.option.meets !== b.option.meets) return a.option.meets ? -1 : 1
  if (!a.option.meets) return a.miss - b.miss
  const cost = ({ option }: Judged) => option.usd_total ?? option.usd_per_hour
  return cost(a) - cost(b)
}
