import type { AnyBlock } from '@slack/types'
import type { Card, Diagnosis } from '../../contract/diagnosis.ts'
import type { Framework } from '../../contract/experiment.ts'
import { formatMesh, meshSize } from '../../contract/mesh.ts'
import type { Rank } from '../../runs/adoption.ts'
import { formatMeshIn } from '../../text/axis-names.ts'
import { formatChange, formatGibNumber, formatMs, formatUsd, significant } from '../../text/units.ts'
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

const shownEvidence = 4

/** One proposal as a message of its own, so that a reaction on it names the card. */
export function cardMessage(diagnosis: Diagnosis, card: Card, state: CardState = freshCard): Message {
  const framework = frameworkOf(card)
  const title = `${rankEmoji[card.rank]}  *${meshText(card.mesh, card.dcn)}*  (${escapeText(meshIn(framework, card), 300)})`
  const now = baselineLine(diagnosis)
  const blocks: AnyBlock[] = [section([title, now].filter((line) => line !== null).join('\n')), section(figures(diagnosis, card))]
  const changes = Object.entries(card.changes)
  if (changes.length > 0) {
    blocks.push(section(`Also changes: ${changes.map(([name, value]) => `\`${escapeCode(`${name}=${String(value)}`, 150)}\``).join(' ')}`))
  }
  if (card.rationale.trim() !== '') blocks.push(section(`*Why:* ${escapeText(card.rationale, 1800)}`, { folds: true }))
  if (card.evidence.length > 0) blocks.push(context(evidenceLine(card)))
  for (const snippet of Object.values(card.snippets).slice(0, 1)) blocks.push(preformatted(snippet))
  blocks.push(context(compilerLine(card, state), ...cautions(card)))
  if (state.replaces !== null) blocks.push(context(`:arrows_counterclockwise: ${escapeText(state.replaces, 500)}`))
  if (state.adopted !== null) blocks.push(context(`:white_check_mark: adopted by <@${state.adopted.by}>`))
  blocks.push(buttons(diagnosis.run, card.rank, state))
  return message(plain(`Card ${card.rank}: ${title.replace(/^:\w+:\s*/, '')}. ${figures(diagnosis, card)}`), blocks)
}

/** The card's place after the compiler refused it and nothing could replace it. */
export function withdrawnCardMessage(card: Card, reason: string): Message {
  const text = `${rankEmoji[card.rank]}  ~${meshText(card.mesh, card.dcn)}~  withdrawn: ${escapeText(reason, 1500)}`
  return message(plain(text), [section(text), context('No other mesh that compiles takes its place. The other cards stand.')])
}

/** The framework whose names stand beside ours: the dialect of the card's snippet. */
export function frameworkOf(card: Card): Framework {
  if (card.snippets.maxtext !== undefined) return 'maxtext'
  return card.snippets.pax !== undefined ? 'pax' : 'jax'
}

/** The step the card is measured against: what the profile shows, else what is predicted. */
export function baselineStepMs(diagnosis: Diagnosis): number | null {
  return diagnosis.kpis.step_time_ms ?? diagnosis.baseline?.estimate?.step_time_ms ?? null
}

function meshText(mesh: Card['mesh'], dcn: Card['dcn']): string {
  return meshSize(dcn) > 1 ? `${formatMesh(mesh)} × slices ${formatMesh(dcn)}` : formatMesh(mesh)
}

function meshIn(framework: Framework, card: Card): string {
  const own = formatMeshIn(framework, card.mesh)
  return meshSize(card.dcn) > 1 ? `${own}; dcn ${formatMeshIn(framework, card.dcn)}` : own
}

function baselineLine(diagnosis: Diagnosis): string | null {
  const step = baselineStepMs(diagnosis)
  const predicted = diagnosis.kpis.step_time_ms === null ? ' predicted' : ''
  const parts = [
    diagnosis.baseline === null ? null : meshText(diagnosis.baseline.mesh, diagnosis.baseline.dcn),
    step === null ? null : `${formatMs(step)}${predicted}`,
  ].filter((part) => part !== null)
  return parts.length > 0 ? `now: ${parts.join(', ')}` : null
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

function evidenceLine(card: Card): string {
  const shown = card.evidence.slice(0, shownEvidence).map((entry) => `${entry.kind} ${link(entry.uri, entry.title, 380)}`)
  const left = card.evidence.length - shown.length
  return `Evidence: ${shown.join(' · ')}${left > 0 ? ` · ${left} more: ask _show the evidence_` : ''}`
}

function compilerLine(card: Card, state: CardState): string {
  const verdict = card.compiler
  if (verdict === null) return state.compiling ? 'compiler: compiling…' : 'compiler: not asked'
  const words = { fits: 'compiled', oom: 'out of memory', error: 'did not compile', unknown: 'no verdict' }[verdict.status]
  const step = verdict.step_time_ms === null ? null : `replayed step ${formatMs(verdict.step_time_ms)}`
  const memory = verdict.required_gib === null ? null : `${formatGibNumber(verdict.required_gib)} GiB`
  const took = `${step === null ? '' : 'took '}${Math.round(verdict.seconds)} s`
  const parts = [words, memory, step, took].filter((part) => part !== null)
  const said = verdict.status !== 'fits' && verdict.message !== null ? `: ${escapeText(verdict.message, 400)}` : ''
  return `compiler: ${parts.join(', ')}${said}`
}

function cautions(card: Card): string[] {
  const isSaid = card.warnings.some((warning) => warning.message.includes('allow_split_physical_axes'))
  const split =
    card.physical === 'split' && !isSaid ? ['needs `allow_split_physical_axes`: the mesh does not lie on the torus as it is'] : []
  const warnings = [...split, ...card.warnings.map((warning) => escapeText(warning.message, 300))]
  return warnings.slice(0, 3).map((warning) => `:warning: ${clip(warning, 400)}`)
}

function buttons(run: string, rank: Rank, state: CardState): AnyBlock {
  const whyNot = button('Why not …?', 'why_not', { run, rank })
  if (state.adopted === null) return actions(button('Adopt', 'adopt', { run, rank }, 'primary'), whyNot)
  return actions(button(`Take back`, 'unadopt', { run, rank }), whyNot)
}
