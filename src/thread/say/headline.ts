import { untilSaid } from '../../contract/answers.ts'
import type { Card, Diagnosis } from '../../contract/diagnosis.ts'
import { formatMesh } from '../../contract/mesh.ts'
import type { BottleneckClass } from '../../contract/profile-report.ts'
import { unmetObjectiveIn } from '../../planner/slo.ts'
import { formatGibNumber, formatMs } from '../../text/units.ts'
import { compilerWords, fitWords, frameworkOf, gainWords, meshWords, perWhat, stepWords } from './say-verdict.ts'

/** The first lines of an answer, without markup. */
export interface Headline {
  /**
   * Which latency objective nothing meets and what comes nearest, said before all else; null where one is met or none is asked.
   */
  unmet: string | null
  /** What to do and what it brings. */
  advice: string
  /** What holds the job back, in one sentence. */
  reason: string
  /** What else could help where no mesh beats what runs. */
  instead: string[]
}

export const bottleneckWords: Readonly<Record<BottleneckClass, string>> = {
  compute: 'compute-bound',
  hbm: 'bound by HBM bandwidth',
  communication: 'bound by communication',
  host: 'waiting on the host',
  capacity: 'out of memory',
  unknown: 'no clear bottleneck',
}

const shownSuggestions = 2

/** What to do, what it brings, and why; the same words in Slack and in the terminal. */
export function headlineOf(diagnosis: Diagnosis): Headline {
  const [first] = diagnosis.cards
  const unmet = unmetObjectiveIn(diagnosis)
  const reason = reasonOf(diagnosis)
  if (first === undefined) {
    // a profile alone is no job that anything else could be tried on
    const instead = diagnosis.experiment === null ? [] : suggestionsOf(diagnosis)
    return { unmet, advice: noCards(diagnosis), reason, instead }
  }
  if (!beatsWhatRuns(first)) return { unmet, advice: staysAsItIs(diagnosis, first), reason, instead: suggestionsOf(diagnosis) }
  return { unmet, advice: adviceOf(diagnosis, first), reason, instead: [] }
}

/** Whether a card is likelier than not to be faster than what runs; without anything that runs, every card is. */
export function beatsWhatRuns({ estimate }: Card): boolean {
  const gain = estimate?.gain
  return gain === null || gain === undefined || (gain.ratio > 1.005 && gain.probability >= 0.5)
}

function adviceOf({ baseline }: Diagnosis, card: Card): string {
  const framework = frameworkOf(card)
  const instead = baseline === null ? '' : ` instead of ${meshWords(framework, baseline)}`
  const changes = Object.entries(card.changes).map(
    ([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`,
  )
  const also = changes.length > 0 ? ` with ${changes.join(', ')}` : ''
  const gain = card.estimate?.gain
  const brings = gain === null || gain === undefined ? stepWords(card) : `about ${gainWords(gain, perWhat(card))}`
  const rest = [fitWords(card), compilerWords(card)].filter((words) => words !== '')
  return `${meshWords(framework, card)}${instead}${also}: ${brings}; ${rest.join('; ')}`
}

function staysAsItIs({ baseline }: Diagnosis, card: Card): string {
  const now = baseline === null ? 'what runs now' : `what runs now (${meshWords(frameworkOf(card), baseline)})`
  const gain = card.estimate?.gain
  const best =
    gain === null || gain === undefined
      ? ''
      : `; the nearest, ${meshWords(frameworkOf(card), card)}, is predicted at ${gainWords(gain, perWhat(card))}`
  return `keep the mesh: none is likely to beat ${now}${best}`
}

function noCards({ nearest, baseline, bottleneck, notes }: Diagnosis): string {
  if (nearest !== null) {
    const change =
      nearest.change === null
        ? ''
        : ` With ${Object.entries(nearest.change)
            .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
            .join(', ')} it fits.`
    return `no mesh fits; the nearest, ${meshWords('maxtext', nearest)}, needs ${formatGibNumber(nearest.required_gib)} of ${formatGibNumber(nearest.available_gib)} GiB.${change}`
  }
  if (notes.some((note) => note.startsWith(untilSaid))) return 'the program in the profile leaves something open: say it, and meshes follow'
  if (baseline === null && bottleneck.class !== 'unknown')
    return 'this profile comes without an experiment, so there are no meshes to propose'
  if (baseline?.legal && baseline.memory?.certainty !== 'no')
    return `keep the mesh: none of the others is likely to beat what runs now (${formatMesh(baseline.mesh)})`
  return 'no mesh to propose; the notes say what is missing'
}

function reasonOf(diagnosis: Diagnosis): string {
  const { bottleneck, kpis, baseline, cards } = diagnosis
  const step = kpis.step_time_ms ?? baseline?.estimate?.step_time_ms ?? null
  const now = step === null ? '' : `${kpis.step_time_ms === null ? 'Predicted' : 'Now'}: ${formatMs(step)} per step, `
  if (bottleneck.class === 'unknown') {
    const why = bottleneck.evidence[0] ?? 'not in the profile'
    if (step === null && cards.length > 0)
      return 'A cold start: planned from the experiment alone; a profile of a few steps would say what holds it back.'
    return step === null ? `Bottleneck unknown: ${why}.` : `${now}no clear bottleneck (${why}).`
  }
  const evidence = bottleneck.evidence[0]
  const also = bottleneck.also.filter((kind) => kind !== bottleneck.class).map((kind) => bottleneckWords[kind])
  const said = `${bottleneckWords[bottleneck.class]}${evidence === undefined ? '' : `: ${evidence}`}`
  return `${now === '' ? capitalized(said) : `${now}${said}`}${also.length > 0 ? ` (also near ${also.join(', ')})` : ''}.`
}

function suggestionsOf({ suggestions, baseline }: Diagnosis): string[] {
  const said = suggestions.slice(0, shownSuggestions).map(({ what, gain }) => {
    const brings = gain === null ? '' : `: about ${Math.round((1 - 1 / gain.ratio) * 100)}% less time per step`
    return `${what}${brings}`
  })
  if (said.length > 0) return said
  const serves = baseline?.estimate?.ttft_ms != null || baseline?.estimate?.tpot_ms != null
  const setting = serves ? 'what if the batch halves' : 'what if remat=minimal'
  return [`ask “${setting}?”, “what if batch doubles?” or “what if on a larger slice?”`]
}

function capitalized(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}
