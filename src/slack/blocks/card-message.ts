import type { AnyBlock } from '@slack/types'
import type { Card, Diagnosis } from '../../contract/diagnosis.ts'
import type { Rank } from '../../runs/adoption.ts'
import { formatChange, formatGibNumber, formatMs, formatUsd, significant } from '../../text/units.ts'
import { bringsWords, differingSettings, ownReason, timeWords } from '../../thread/say/card-lines.ts'
import { compilerWords, fitWords, frameworkOf, meshAxes, meshWords, shareOfStep } from '../../thread/say/say-verdict.ts'
import { actions, button, context, type Message, message, preformatted, section } from './message.ts'
import { clip, escapeCode, escapeText, link, plain } from './text.ts'

/** What the thread knows of a card besides the card itself. */
export interface CardState {
  adopted: { by: string } | null
  /** The compiler is still to be heard, or will not be asked. */
  compiling: boolean
  /** This card took the place of one that was withdrawn, in words. */
  replaces: string | null
}

export const freshCard: CardState = { adopted: null, compiling: false, replaces: null }
export const rankEmoji: Readonly<Record<Rank, string>> = { 1: ':one:', 2: ':two:', 3: ':three:' }

const shownEvidence = 1

/**
 * One proposal as a message of its own, so that a reaction on it names the card: mesh, gain, fit, why, and the settings that
 * differ.
 */
export function cardMessage(diagnosis: Diagnosis, card: Card, state: CardState = freshCard): Message {
  const framework = frameworkOf(card)
  const of = diagnosis.experiment === null ? '' : ` of ${escapeText(diagnosis.experiment, 130)}`
  const title = `${rankEmoji[card.rank]}  *${escapeText(meshWords(framework, card), 300)}*  (${escapeText(meshAxes(card), 300)})${of}`
  const changes = Object.entries(card.changes).map(([name, value]) => `\`${escapeCode(`${name}=${String(value)}`, 150)}\``)
  const also = changes.length > 0 ? [`Also changes: ${changes.join(' ')}`] : []
  const reason = ownReason(card, diagnosis.cards)
  const why = reason === '' ? [] : [escapeText(clip(reason, 320), 400)]
  const blocks: AnyBlock[] = [section([title, bringsLine(card), fitLine(card, state), ...also, ...why].join('\n'))]
  const settings = differingSettings(card, diagnosis)
  if (settings !== '') blocks.push(preformatted(settings, 700))
  const notes = [...cautions(card), evidenceLine(card)].filter((line) => line !== '')
  if (notes.length > 0) blocks.push(context(...notes))
  if (state.replaces !== null) blocks.push(context(`:arrows_counterclockwise: ${escapeText(state.replaces, 500)}`))
  if (state.adopted !== null) blocks.push(context(`:white_check_mark: adopted by <@${state.adopted.by}>`))
  blocks.push(buttons(diagnosis.run, card.rank, state))
  return message(plain(`Card ${card.rank}${of}: ${meshWords(framework, card)}. ${bringsWords(card)}; ${fitWords(card)}`), blocks)
}

/** Behind "All settings": every setting of the card, its figures, warnings and all that it cites. */
export function allSettingsMessage(diagnosis: Diagnosis, card: Card): Message {
  const text = `*All settings of card ${card.rank}*, ${escapeText(meshWords(frameworkOf(card), card), 300)}`
  const blocks: AnyBlock[] = [section(text), section(escapeText(card.rationale, 1800)), section(figures(diagnosis, card))]
  for (const snippet of Object.values(card.snippets).slice(0, 1)) blocks.push(preformatted(snippet))
  for (const warning of card.warnings.slice(0, 5)) blocks.push(context(`:warning: ${escapeText(warning.message, 400)}`))
  if (card.evidence.length > 0) blocks.push(context(evidenceLine(card, 12)))
  blocks.push(context(`${validatedWords(card)} Chosen by: ${chosenBy[card.chosen_by]}.`))
  return message(plain(text), blocks)
}

const chosenBy: Readonly<Record<Card['chosen_by'], string>> = { planner: 'the planner', cases: 'similar cases', agent: 'Gemini' }

function validatedWords({ estimate }: Card): string {
  const rows = estimate?.validated ?? null
  return rows === null
    ? 'No measured runs of this kind stand behind the estimate.'
    : `The estimate is checked against ${escapeText(rows, 300)}.`
}

function bringsLine(card: Card): string {
  const time = timeWords(card)
  return `*${bringsWords(card)}*${time === '' ? '' : `; ${time}`}`
}

/** Memory and the compiler's word on one line. */
function fitLine(card: Card, state: CardState): string {
  const compiled = card.compiler === null && state.compiling ? 'compiling…' : compilerWords(card)
  const message_ = card.compiler !== null && card.compiler.status !== 'fits' ? (card.compiler.message ?? '') : ''
  const words = [fitWords(card), compiled, shareOfStep(card)].filter((part) => part !== '')
  return `${words.join(' · ')}${message_ === '' ? '' : `: ${escapeText(message_, 300)}`}`
}

/** The card's place after the compiler refused it and nothing could replace it. */
export function withdrawnCardMessage(card: Card, reason: string): Message {
  const text = `${rankEmoji[card.rank]}  ~${meshAxes(card)}~  withdrawn: ${escapeText(reason, 1500)}`
  return message(plain(text), [section(text), context('No other mesh that compiles takes its place. The other cards stand.')])
}

/** The step the card is measured against: what the profile shows, else what is predicted. */
export function baselineStepMs(diagnosis: Diagnosis): number | null {
  return diagnosis.kpis.step_time_ms ?? diagnosis.baseline?.estimate?.step_time_ms ?? null
}

function figures(diagnosis: Diagnosis, card: Card): string {
  const parts: string[] = []
  const estimate = card.estimate
  if (estimate !== null) {
    const before = baselineStepMs(diagnosis)
    const change = before === null || before === 0 ? '' : `${formatChange(estimate.step_time_ms / before)}, `
    parts.push(`*step ${formatMs(estimate.step_time_ms)}*  (${change}${formatRange(estimate.low_ms, estimate.high_ms)})`)
    if (estimate.ttft_ms !== null) parts.push(`TTFT ${formatMs(estimate.ttft_ms)}`)
    if (estimate.tpot_ms !== null) parts.push(`TPOT ${formatMs(estimate.tpot_ms)}`)
    if (estimate.mfu !== null) parts.push(`MFU ${wholePercent(estimate.mfu)}`)
  }
  if (card.memory !== null)
    parts.push(`HBM ${formatGibNumber(card.memory.required_gib)} of ${formatGibNumber(card.memory.available_gib)} GiB`)
  if (estimate !== null && estimate.step_time_ms > 0) {
    const share = wholePercent(estimate.communication_ms / estimate.step_time_ms)
    parts.push(`communication ${share} (exposed ${wholePercent(estimate.exposed_communication_ms / estimate.step_time_ms)})`)
    const serving = estimate.ttft_ms !== null || estimate.tpot_ms !== null
    parts.push(
      serving
        ? `${formatUsd(estimate.usd_per_million_tokens)} per million tokens`
        : `${formatUsd(estimate.usd_per_1000_steps)} per 1,000 steps`,
    )
  }
  return parts.length > 0 ? parts.join('   ') : 'No estimate for this mesh.'
}

/** `20.9–24.3 s` */
function formatRange(lowMs: number, highMs: number): string {
  const [unit, per] = highMs >= 1000 ? ['s', 1000] : ['ms', 1]
  return `${significant(lowMs / per)}–${significant(highMs / per)} ${unit}`
}

function wholePercent(share: number): string {
  return `${Math.round(share * 100)}%`
}

function evidenceLine(card: Card, most = shownEvidence): string {
  if (card.evidence.length === 0) return ''
  // what this workspace itself ran tells most
  const own = (entry: Card['evidence'][number]) => (/\((?:adopted|confirmed|refuted)\)$/.test(entry.title) ? 0 : 1)
  const shown = card.evidence
    .toSorted((a, b) => own(a) - own(b))
    .slice(0, most)
    .map((entry) => `${entry.stance === 'against' ? 'against: ' : ''}${link(entry.uri, entry.title, 380)}`)
  const left = card.evidence.length - shown.length
  return `Evidence: ${shown.join(' · ')}${left > 0 ? ` · ${left} more` : ''}`
}

function cautions(card: Card): string[] {
  const isSaid = card.warnings.some((warning) => warning.message.includes('allow_split_physical_axes'))
  const split =
    card.physical === 'split' && !isSaid ? ['needs `allow_split_physical_axes`: the mesh does not lie on the torus as it is'] : []
  const warnings = [...split, ...card.warnings.map((warning) => escapeText(warning.message, 300))]
  return warnings.slice(0, 2).map((warning) => `:warning: ${clip(warning, 400)}`)
}

function buttons(run: string, rank: Rank, state: CardState): AnyBlock {
  const adopt = state.adopted === null ? button('Adopt', 'adopt', { run, rank }, 'primary') : button('Take back', 'unadopt', { run, rank })
  return actions(adopt, button('Why not …?', 'why_not', { run, rank }), button('All settings', 'all_settings', { run, rank }))
}
