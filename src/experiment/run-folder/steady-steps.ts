/** Steps of one process's life, in order: a run that was restarted has several. */
export type StepSegment = readonly { step: number; seconds: number }[]

export type StepKind = 'compilation' | 'profiled' | 'evaluation' | 'checkpoint'

/** What a trainer's settings say of its steps. 0: never. */
export interface StepSchedule {
  /** Steps after a start before the profiler begins, how many it takes, and how often it comes back. */
  profiler: { skip: number; steps: number; period: number } | null
  evaluationEvery: number
  checkpointEvery: number
}

export interface SteadySteps {
  medianMs: number | null
  /** How many steps the median is of. */
  count: number
  /** What was left out, each with its own median. */
  apart: { kind: StepKind; count: number; medianMs: number }[]
}

/** A start compiles in its first step, and the second still waits for it. */
const compilingSteps = 2
const enoughSteps = 3

/**
 * The median of the steps that do nothing but train. MaxText takes a step's time from the end of the step before, and evaluates
 * and saves after that moment: an evaluation or a checkpoint lengthens the next step, and so does stopping the profiler
 * (train.py, profiler.py). A kind that would leave hardly any step stays in (a checkpoint at every step is part of the step).
 */
export function steadySteps(segments: readonly StepSegment[], schedule: StepSchedule): SteadySteps {
  const all = lastOfEach(segments)
  const kinds = new Map<StepKind, Set<number>>()
  for (const segment of segments) markKinds(segment, schedule, kinds)
  let left = all
  const apart: SteadySteps['apart'] = []
  for (const kind of ['compilation', 'profiled', 'evaluation', 'checkpoint'] as const) {
    const marked = kinds.get(kind)
    if (!marked) continue
    const [out, rest] = split(left, marked)
    if (out.length === 0 || rest.length < (kind === 'compilation' ? 1 : Math.min(enoughSteps, all.length - 1))) continue
    left = rest
    apart.push({ kind, count: out.length, medianMs: toMs(median(out)) })
  }
  return { medianMs: left.length === 0 || apart.length === 0 ? null : toMs(median(left)), count: left.length, apart }
}

/** One sentence on what the median is of. */
export function describeSteady({ medianMs, count, apart }: SteadySteps): string {
  if (medianMs === null) return 'no step time: no step is known to be free of compilation'
  const left = apart.map((one) => `${one.count} ${one.kind} (${formatSeconds(one.medianMs)} each)`)
  return `measured step time ${formatSeconds(medianMs)}: the median of ${count} steps${left.length > 0 ? `, without ${left.join(', ')}` : ''}`
}

function markKinds(segment: StepSegment, schedule: StepSchedule, kinds: Map<StepKind, Set<number>>): void {
  const first = segment[0]?.step
  if (first === undefined) return
  const mark = (kind: StepKind, step: number) => {
    const set = kinds.get(kind) ?? new Set()
    kinds.set(kind, set.add(step))
  }
  // a short run has no step to spare beyond the one that compiled
  for (const { step } of segment.slice(0, segment.length > compilingSteps * 2 ? compilingSteps : 1)) mark('compilation', step)
  for (const { step } of segment) {
    if (isProfiled(step, first, schedule.profiler)) mark('profiled', step)
    if (step > first && comesAfter(step, schedule.evaluationEvery, 0)) mark('evaluation', step)
    if (step > first && comesAfter(step, schedule.checkpointEvery, 1)) mark('checkpoint', step)
  }
}

/** Whether what happens every `period` steps (after step `n·period - 1 + shift`) falls into this step's time. */
function comesAfter(step: number, period: number, shift: 0 | 1): boolean {
  return period > 0 && (step - shift) % period === 0
}

function isProfiled(step: number, first: number, profiler: StepSchedule['profiler']): boolean {
  if (profiler === null) return false
  const since = step - first - profiler.skip
  if (since < 0) return false
  return (profiler.period > 0 ? since % profiler.period : since) <= profiler.steps
}

/** A step that was done again after a restart counts once, by its last time. */
function lastOfEach(segments: readonly StepSegment[]): { step: number; seconds: number }[] {
  const last = new Map<number, number>()
  for (const segment of segments) for (const { step, seconds } of segment) last.set(step, seconds)
  return [...last].map(([step, seconds]) => ({ step, seconds }))
}

function split(steps: { step: number; seconds: number }[], marked: Set<number>): [number[], { step: number; seconds: number }[]] {
  const out: number[] = []
  const rest: { step: number; seconds: number }[] = []
  for (const one of steps) {
    if (marked.has(one.step)) out.push(one.seconds)
    else rest.push(one)
  }
  return [out, rest]
}

function median(steps: readonly ({ seconds: number } | number)[]): number {
  const sorted = steps.map((one) => (typeof one === 'number' ? one : one.seconds)).sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

function toMs(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e3
}

function formatSeconds(ms: number): string {
  return ms >= 10_000 ? `${(ms / 1000).toFixed(1)} s` : ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : `${ms.toFixed(1)} ms`
}
