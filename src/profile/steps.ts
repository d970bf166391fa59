import thresholds from '../../knowledge/bottleneck.json' with { type: 'json' }
import type { ProfileReport } from '../contract/profile-report.ts'
import { median } from '../numbers/statistics.ts'
import type { Span } from './windows.ts'

const { partial_when_shorter_by: shorter, slow_when_over: slowOver } = thresholds.steps

/** One step marker on one core. */
export interface StepMarker {
  /** The step's number: XProf's group id, else its place in the line. */
  id: number
  /** Device clock: how long the marker itself is. */
  durationPs: number
  /** Host-aligned clock: what ops are laid against. */
  startPs: number
  endPs: number
}

/** A step of one core with the time it took: from its marker to the next one's. */
export interface TimedStep extends StepMarker {
  timePs: number
  /** The trace opened or closed inside it. */
  partial: boolean
  /** More than 1.5 times the median: told apart, and in no share. */
  slow: boolean
}

/**
 * Steps that ran in full. A trace opens and closes inside steps, so the first and the last are left out when they are clearly
 * shorter than the others; of two that differ, the longer one counts.
 */
export function fullSteps<Step extends { durationPs: number }>(steps: readonly Step[]): Step[] {
  const real = steps.filter((step) => step.durationPs > 0)
  if (real.length < 2) return real
  const inner = real.length > 2 ? real.slice(1, -1) : real
  const typical = real.length > 2 ? (median(inner.map((step) => step.durationPs)) ?? 0) : Math.max(...real.map((step) => step.durationPs))
  const enough = typical * (1 - shorter)
  return real.filter((step, index) => (index > 0 && index < real.length - 1) || step.durationPs >= enough)
}

/**
 * The steps of one core, each with its time. A gap between two markers belongs to the step before it; where numbers are left out
 * between them, and after the last one, the gap is taken to be as long as the others.
 */
export function timedSteps(markers: readonly StepMarker[]): TimedStep[] {
  const real = markers.filter((marker) => marker.durationPs > 0).sort((a, b) => a.startPs - b.startPs)
  const full = new Set(fullSteps(real))
  const counted = countsUp(real)
  const gaps = real.flatMap((marker, index) => {
    const next = real[index + 1]
    return next && follows(marker, next, counted) ? [Math.max(0, next.startPs - marker.endPs)] : []
  })
  const usual = median(gaps) ?? 0
  const timed = real.map((marker, index) => {
    const next = real[index + 1]
    const gap = next && follows(marker, next, counted) ? Math.max(0, next.startPs - marker.endPs) : usual
    return { ...marker, timePs: marker.durationPs + gap, partial: !full.has(marker), slow: false }
  })
  const typical = median(timed.filter((step) => !step.partial).map((step) => step.timePs)) ?? 0
  for (const step of timed) step.slow = !step.partial && step.timePs > typical * slowOver
  return timed
}

/** Numbers that count up by one say that no step was lost between two markers; other numbers say nothing. */
function follows(marker: StepMarker, next: StepMarker, counted: boolean): boolean {
  return next.id === marker.id + 1 || !counted
}

/** Somewhere by one, and over no more numbers than steps may have been lost of. */
function countsUp(all: readonly StepMarker[]): boolean {
  const [first, last] = [all[0], all.at(-1)]
  if (!first || !last || last.id - first.id + 1 > all.length * 4) return false
  return all.some((marker, index) => index > 0 && marker.id === (all[index - 1] as StepMarker).id + 1)
}

/**
 * What shares are of: the full steps that are not slow. The last one ends with its marker, or with the usual gap where the trace
 * goes on.
 */
export function spansOf(steps: readonly TimedStep[], traceEndPs: number): Span[] {
  return steps
    .filter((step) => !step.partial && !step.slow)
    .map((step) => ({ from: step.startPs, to: Math.max(step.endPs, Math.min(step.startPs + step.timePs, traceEndPs)) }))
}

export interface StepSummary {
  /** Median of full steps, milliseconds. */
  medianMs: number | null
  /** The median marker's own length, milliseconds: shorter than the step where markers leave gaps. */
  markerMs: number | null
  /** What XProf shows: the mean of all markers, partial ones too. */
  meanMs: number | null
  minMs: number | null
  maxMs: number | null
  full: number
  total: number
  /** Places (from 0) and times of full steps over 1.5 times the median. */
  slow: { place: number; ms: number }[]
  /** Of the numbers between a core's first step and its last, the share that was not recorded. */
  missing: number
  /** Standard deviation of full steps that are not slow over their mean. */
  spread: number | null
}

interface StepTimes {
  id: number
  durationPs: number
  timePs: number
}

/**
 * Steps of all cores together: a step takes as long as on its slowest core. Hosts may count from different numbers: then places
 * count.
 */
export function summarizeSteps(cores: readonly { steps: readonly StepTimes[] }[]): StepSummary {
  const marked = cores.filter((core) => core.steps.length > 0)
  const byPlace = new Set(marked.map((core) => core.steps.length)).size === 1
  const longest = new Map<number, StepTimes>()
  for (const core of marked) {
    for (const [place, step] of core.steps.entries()) {
      const key = byPlace ? place : step.id
      const known = longest.get(key)
      longest.set(key, {
        id: key,
        durationPs: Math.max(known?.durationPs ?? 0, step.durationPs),
        timePs: Math.max(known?.timePs ?? 0, step.timePs),
      })
    }
  }
  const all = [...longest.values()].sort((a, b) => a.id - b.id)
  const full = fullSteps(all)
  const times = full.map((step) => step.timePs / 1e9)
  const medianMs = median(times)
  const isFull = new Set(full)
  const slow = all.flatMap((step, place) =>
    medianMs !== null && isFull.has(step) && step.timePs / 1e9 > medianMs * slowOver ? [{ place, ms: step.timePs / 1e9 }] : [],
  )
  const usual = times.filter((ms) => medianMs === null || ms <= medianMs * slowOver)
  const average = mean(usual)
  return {
    medianMs,
    markerMs: median(full.map((step) => step.durationPs / 1e9)),
    meanMs: all.length === 0 ? null : all.reduce((sum, step) => sum + step.durationPs / 1e9, 0) / all.length,
    minMs: times.length === 0 ? null : Math.min(...times),
    maxMs: times.length === 0 ? null : Math.max(...times),
    full: full.length,
    total: all.length,
    slow,
    missing: mean(cores.map((core) => missingNumbers(core.steps.map((step) => step.id)))),
    spread: usual.length > 1 && average > 0 ? Math.sqrt(mean(usual.map((ms) => (ms - average) ** 2))) / average : null,
  }
}

/** The report's own table of steps; null without markers. */
export function stepsReport(steps: StepSummary): ProfileReport['steps'] {
  if (steps.medianMs === null || steps.minMs === null || steps.maxMs === null || steps.total === 0) return null
  return {
    count: steps.total,
    partial: steps.total - steps.full,
    median_ms: steps.medianMs,
    min_ms: steps.minMs,
    max_ms: steps.maxMs,
    slow: steps.slow.length,
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
