import { samePlaced } from '../contract/placed.ts'
import { priorsOf, type SearchCandidate } from './search-space.ts'
import { nearestCandidate, parametersOf, pointOf } from './study.ts'
import { stepOf, type Trial, type TrialOutcome } from './trial.ts'
import type { TunerName, TunerProcess } from './tuner-process.ts'

/** What may be spent; absent: no bound. Hours are those in which the slices are held. */
export interface Budget {
  trials?: number
  hours?: number
  dollars?: number
}

/** What was spent, failed trials included. */
export interface Spent {
  trials: number
  hours: number
  chipHours: number
  dollars: number
}

export interface SearchOptions {
  space: readonly SearchCandidate[]
  /** The trials of earlier processes. */
  before: readonly Trial[]
  /** null: the planner's order is tried. */
  tuner: { name: TunerName; process: TunerProcess; seed: number } | null
  /** Whether the cards are tried first, and the planner's times are the tuner's priors. */
  fromCards: boolean
  budget: Budget
  chips: number
  usdPerChipHour: number
  /** Measures one mesh. */
  measure: (candidate: SearchCandidate) => Promise<{ outcome: TrialOutcome; seconds: number }>
  /** Hears of each trial as soon as it is over, before the next begins. */
  onTrial: (trial: Trial, all: readonly Trial[]) => Promise<void>
  now: () => string
  signal: AbortSignal
}

export interface SearchResult {
  trials: Trial[]
  best: Trial | null
  spent: Spent
  /** Why it ended. */
  ended: 'budget' | 'space' | 'stopped'
}

/**
 * Tries meshes until the budget is spent or nothing is left: first the cards, then what the tuner proposes, taken for the nearest
 * mesh that may be tried and was not. It goes on where `before` ended. A trial that fails is a trial.
 */
export async function runSearch(options: SearchOptions): Promise<SearchResult> {
  const { space, tuner, budget, onTrial, now, signal } = options
  const trials = [...options.before]
  const propose = await proposer(options)
  let ended: SearchResult['ended'] = 'space'
  for (;;) {
    if (signal.aborted) ended = 'stopped'
    else if (isSpent(spentBy(trials, options), budget)) ended = 'budget'
    if (ended !== 'space') break
    const left = space.filter((one) => !trials.some((trial) => samePlaced(trial, one)))
    const next = await propose(left)
    if (next === null) break
    const { candidate, from } = next
    const measured = await options.measure(candidate).catch((error: unknown) => {
      if (signal.aborted) return null
      throw error
    })
    if (measured === null) continue
    const { mesh, dcn, verdict } = candidate
    const trial: Trial = { mesh, dcn, from, predicted_ms: verdict.estimate?.step_time_ms ?? null, ...measured, at: now() }
    trials.push(trial)
    if (tuner !== null) await tuner.process.tell({ parameters: pointOf(candidate, parametersOf(space)), value: stepOf(trial) })
    await onTrial(trial, trials)
  }
  return { trials, best: bestOf(trials), spent: spentBy(trials, options), ended }
}

type Proposal = { candidate: SearchCandidate; from: Trial['from'] } | null

async function proposer({
  space,
  before,
  tuner,
  fromCards,
}: SearchOptions): Promise<(left: readonly SearchCandidate[]) => Promise<Proposal>> {
  const parameters = parametersOf(space)
  if (tuner !== null) {
    const priors = fromCards ? priorsOf(space, parameters) : []
    const trials = before.map((trial) => ({ parameters: pointOf(trial, parameters), value: stepOf(trial) }))
    await tuner.process.begin({ tuner: tuner.name, seed: tuner.seed, parameters, priors, trials })
  }
  return async (left) => {
    const card = fromCards ? left.find((one) => one.card) : undefined
    if (card !== undefined) return { candidate: card, from: 'card' }
    if (tuner === null || parameters.length === 0) return left[0] ? { candidate: left[0], from: 'planner' } : null
    if (left.length === 0) return null
    const candidate = nearestCandidate(await tuner.process.ask(), left, parameters)
    return candidate === null ? null : { candidate, from: 'tuner' }
  }
}

/** What trials cost together. */
export function spentBy(trials: readonly Trial[], { chips, usdPerChipHour }: Pick<SearchOptions, 'chips' | 'usdPerChipHour'>): Spent {
  const hours = trials.reduce((sum, { seconds }) => sum + seconds, 0) / 3600
  return { trials: trials.length, hours, chipHours: hours * chips, dollars: hours * chips * usdPerChipHour }
}

/** The fastest that ran; null before any did. */
export function bestOf(trials: readonly Trial[]): Trial | null {
  let best: Trial | null = null
  for (const trial of trials) {
    const step = stepOf(trial)
    if (step !== null && step < (best === null ? Number.POSITIVE_INFINITY : (stepOf(best) ?? 0))) best = trial
  }
  return best
}

function isSpent(spent: Spent, { trials, hours, dollars }: Budget): boolean {
  return (
    spent.trials >= (trials ?? Number.POSITIVE_INFINITY) ||
    spent.hours >= (hours ?? Number.POSITIVE_INFINITY) ||
    spent.dollars >= (dollars ?? Number.POSITIVE_INFINITY)
  )
}
