import { snippetInput } from '../../agents/cards.ts'
import { writeSnippet } from '../../agents/snippets/snippets.ts'
import type { Card, Diagnosis } from '../../contract/diagnosis.ts'
import type { Kpis } from '../../contract/profile-report.ts'
import type { Verdict } from '../../contract/verdict.ts'
import type { FinishedRun } from '../../runs/results.ts'
import { formatGibNumber, formatMs, formatShare, formatUsd } from '../../text/units.ts'
import { headlineOf } from '../say/headline.ts'
import { compilerWords, fitWords, frameworkOf, gainWords, meshWords, perWhat, stepWords } from '../say/say-verdict.ts'
import { settingsText } from '../say/settings-text.ts'
import type { Topic } from '../topic.ts'
import { compareCards } from './compare-cards.ts'
import { explainTerm } from './explain-term.ts'
import { whyNot } from './why-not.ts'

const defaultSteps = 1000
const shownOps = 5
const hourMs = 3_600_000

/**
 * Answers that need no model and no new search: from the diagnosis and the plan that stand. Null where the run has nothing to say
 * of it.
 */
export function answerTopic(run: FinishedRun, topic: Topic): string | null {
  const { diagnosis } = run
  switch (topic.about) {
    case 'meaning':
      return topic.term === null ? null : explainTerm(topic.term)
    case 'snippet':
      return snippetOf(run, topic)
    case 'cost':
      return perVerdict(diagnosis, topic.cards, (verdict) => costOf(verdict, topic.steps))
    case 'duration':
      return perVerdict(diagnosis, topic.cards, ({ estimate }) =>
        estimate === null
          ? 'no estimate'
          : `${hours(estimate.step_time_ms * (topic.steps ?? defaultSteps))} for ${count(topic.steps)} steps`,
      )
    case 'sureness':
      return sureness(diagnosis, topic)
    case 'compiler':
      return perCard(diagnosis, topic.cards, (card) => compilerAnswer(card))
    case 'memory':
      return memory(diagnosis, topic)
    case 'ordering':
      return ordering(run, topic)
    case 'ops':
      return ops(diagnosis)
    case 'communication':
      return communication(diagnosis, topic)
    case 'bottleneck':
      return [headlineOf(diagnosis).reason, ...diagnosis.bottleneck.evidence.slice(1, 4)].join('\n')
    case 'figure':
      return figure(diagnosis, topic)
    case 'best':
      return best(diagnosis)
    default:
      return null
  }
}

function chosen(diagnosis: Diagnosis, cards: readonly number[]): Card[] {
  return diagnosis.cards.filter((card) => cards.length === 0 || cards.includes(card.rank))
}

function perCard(diagnosis: Diagnosis, cards: readonly number[], say: (card: Card) => string): string | null {
  const found = chosen(diagnosis, cards)
  if (found.length === 0) return cards.length > 0 ? `There is no card ${cards.join(' or ')}.` : null
  return found.map((card) => `Card ${card.rank} (${meshWords(frameworkOf(card), card)}): ${say(card)}`).join('\n')
}

/** What runs now, where something does, and the cards. */
function perVerdict(diagnosis: Diagnosis, cards: readonly number[], say: (verdict: Verdict) => string): string | null {
  const shown = perCard(diagnosis, cards, say)
  const { baseline } = diagnosis
  if (baseline === null) return shown
  const framework = diagnosis.cards[0] === undefined ? 'jax' : frameworkOf(diagnosis.cards[0])
  return [`Now (${meshWords(framework, baseline)}): ${say(baseline)}`, ...(shown === null ? [] : [shown])].join('\n')
}

function costOf({ estimate }: Verdict, steps: number | null): string {
  if (estimate === null) return 'no estimate'
  if (estimate.tpot_ms !== null && steps === null) return `${formatUsd(estimate.usd_per_million_tokens)} per million tokens`
  return `${formatUsd((estimate.usd_per_1000_steps * (steps ?? defaultSteps)) / 1000)} for ${count(steps)} steps (${hours(estimate.step_time_ms * (steps ?? defaultSteps))})`
}

function count(steps: number | null): string {
  return (steps ?? defaultSteps).toLocaleString('en-US')
}

function hours(ms: number): string {
  if (ms < 90_000) return formatMs(ms)
  const inHours = ms / hourMs
  return inHours < 1
    ? `${Math.round(inHours * 60)} minutes`
    : inHours < 72
      ? `${inHours.toFixed(1)} hours`
      : `${(inHours / 24).toFixed(1)} days`
}

/** The settings of a card, or of all where the first is as good; in another framework's words where one is named. */
function snippetOf({ diagnosis, situation }: FinishedRun, { cards, framework }: Topic): string | null {
  const [card] = chosen(diagnosis, cards)
  if (card === undefined) return cards.length > 0 ? `There is no card ${cards[0]}.` : null
  const dialect = framework ?? situation.workload.framework
  const written = writeSnippet(dialect, snippetInput(situation, card))
  const [text] = Object.values(written)
  const flags = diagnosis.suggestions
    .filter(({ kind }) => kind === 'flag')
    .map((flag) => `\nBesides: ${flag.what}. ${flag.why}\n${settingsText(flag)}`)
  return `Card ${card.rank} (${meshWords(dialect, card)}) in ${dialect}: start the job with\n${text ?? ''}${flags.join('')}`
}

function sureness(diagnosis: Diagnosis, { cards }: Topic): string | null {
  const said = perCard(diagnosis, cards, (card) => {
    const gain = card.estimate?.gain
    const time = gain ? gainWords(gain, perWhat(card)) : stepWords(card)
    return `${time}; ${fitWords(card)}${compilerWords(card) === '' ? '' : `, ${compilerWords(card)}`}`
  })
  if (said === null) return null
  const validated = diagnosis.cards[0]?.estimate?.validated ?? null
  const behind =
    validated === null
      ? 'No measured runs of this kind stand behind the estimate, so trust the order more than the figures.'
      : `Checked against ${validated}.`
  const bottleneck =
    diagnosis.bottleneck.class === 'unknown'
      ? ''
      : `Bottleneck: ${formatShare(diagnosis.bottleneck.confidence)} confident that it is ${diagnosis.bottleneck.class}.\n`
  return `${bottleneck}${said}\nRanges hold 90% of the time. ${behind}`
}

function compilerAnswer(card: Card): string {
  const { compiler } = card
  if (compiler === null) return 'not compiled; memory and time are the planner’s'
  const gib = compiler.required_gib === null ? '' : `, ${formatGibNumber(compiler.required_gib)} GiB`
  return `${compilerWords(card) || 'no verdict'}${gib}${compiler.message === null ? '' : `: ${compiler.message}`}`
}

function memory(diagnosis: Diagnosis, { cards }: Topic): string | null {
  return perVerdict(diagnosis, cards, (verdict) => {
    if (verdict.memory === null) return 'memory unknown'
    const { breakdown, available_gib: available, required_gib: required } = verdict.memory
    const parts = Object.entries(breakdown)
      .filter(([, gib]) => gib >= 0.05)
      .sort((a, b) => b[1] - a[1])
      .map(([name, gib]) => `${name.replaceAll('_', ' ')} ${formatGibNumber(gib)}`)
    return `${fitWords(verdict)}, ${formatGibNumber(Math.max(0, available - required))} GiB free (${parts.join(', ')})`
  })
}

/** Why one card stands before another. */
function ordering(run: FinishedRun, { cards }: Topic): string | null {
  const [one, other] = cards
  if (one === undefined) return null
  if (other !== undefined) return compareCards(run, [Math.min(one, other), Math.max(one, other)])
  return whyNot(run, { mesh: {}, card: one })
}

function ops({ top_ops: top, kpis }: Diagnosis): string | null {
  if (top.length === 0) return 'There is no profile, so the time of single operations is not known.'
  const step = kpis.step_time_ms
  const lines = top.slice(0, shownOps).map((op) => {
    const time = step === null ? '' : `, ${formatMs(op.share * step)} of a step`
    return `${op.name} (${op.category}): ${formatShare(op.share)}${time}, bound by ${op.bound_by}`
  })
  return ['The operations that take the most time themselves:', ...lines].join('\n')
}

function communication(diagnosis: Diagnosis, { term }: Topic): string {
  const { kpis, top_ops: top, cards } = diagnosis
  const lines = [
    `Collectives are in flight ${formatShare(kpis.communication_share)} of the step, ${formatShare(kpis.exposed_communication_share)} with nothing else running.`,
  ]
  const longest = top.filter((op) => op.bound_by === 'communication').slice(0, 3)
  for (const op of longest) lines.push(`${op.name} (${op.category}): ${formatShare(op.share)} of the time`)
  const meaning = term === null ? null : explainTerm(term)
  if (meaning !== null) lines.push(meaning)
  const [first] = cards
  if (first?.estimate) lines.push(`With card ${first.rank}: ${formatMs(first.estimate.exposed_communication_ms)} exposed per step.`)
  return lines.join('\n')
}

const kpiOf: Readonly<Record<string, { name: string; value: (kpis: Kpis) => number | null; of: (verdict: Verdict) => number | null }>> = {
  mfu: { name: 'MFU', value: (kpis) => kpis.mfu, of: ({ estimate }) => estimate?.mfu ?? null },
  bandwidth: { name: 'HBM bandwidth', value: (kpis) => kpis.hbm_bandwidth_utilization, of: () => null },
  mxu: { name: 'MXU utilization', value: (kpis) => kpis.mxu_utilization, of: () => null },
  dutycycle: { name: 'Duty cycle', value: (kpis) => kpis.duty_cycle, of: () => null },
  roofline: { name: 'Roofline efficiency', value: (kpis) => kpis.roofline_efficiency, of: () => null },
  communication: {
    name: 'Communication',
    value: (kpis) => kpis.communication_share,
    of: ({ estimate }) => estimate && estimate.communication_ms / estimate.step_time_ms,
  },
  exposed: {
    name: 'Exposed communication',
    value: (kpis) => kpis.exposed_communication_share,
    of: ({ estimate }) => estimate && estimate.exposed_communication_ms / estimate.step_time_ms,
  },
}

/** A figure of this run, what the cards would make of it, and what it means. */
function figure(diagnosis: Diagnosis, { term }: Topic): string | null {
  if (term === null) return null
  const kpi = kpiOf[term]
  const meaning = explainTerm(term)
  if (kpi === undefined) return meaning
  const measured = kpi.value(diagnosis.kpis)
  const now = measured ?? (diagnosis.baseline === null ? null : kpi.of(diagnosis.baseline))
  const cards = diagnosis.cards.flatMap((card) => (kpi.of(card) === null ? [] : `card ${card.rank} ${formatShare(kpi.of(card))}`))
  const value =
    now === null ? `${kpi.name} was not measured.` : `${kpi.name}: ${formatShare(now)}${measured === null ? ' (predicted)' : ''}.`
  return [value + (cards.length > 0 ? ` Predicted for ${cards.join(', ')}.` : ''), ...(meaning === null ? [] : [meaning])].join('\n')
}

function best(diagnosis: Diagnosis): string {
  const { unmet, advice, instead } = headlineOf(diagnosis)
  const also = diagnosis.suggestions.map(({ what, why }) => `Besides the mesh: ${what}. ${why}`)
  return [...(unmet === null ? [] : [unmet]), `Best that was found: ${advice}.`, ...also, ...instead].join('\n')
}
