import type { AnyBlock } from '@slack/types'
import type { OpenQuestion } from '../../contract/answers.ts'
import type { Diagnosis } from '../../contract/diagnosis.ts'
import { formatGib, formatMs, formatShare, formatUsd } from '../../text/units.ts'
import { bottleneckWords, headlineOf } from '../../thread/say/headline.ts'
import { settingsText, suggestionGain } from '../../thread/say/settings-text.ts'
import { baselineStepMs } from './card-message.ts'
import { actions, button, context, fields, type Message, message, section } from './message.ts'
import { dataTable, numberCell, textCell } from './native-blocks.ts'
import { questionBlocks } from './question-blocks.ts'
import { stepChart } from './step-chart.ts'
import { clip, escapeCode, escapeText, link, plain } from './text.ts'

/** A picture that was uploaded to Slack for this message. */
export interface Picture {
  slackFileId: string
  altText: string
}

/** A page of the operator's own to look at: the run in XProf. */
export interface Page {
  title: string
  uri: string
}

/**
 * The summary that the root message becomes: what to do, what it brings and why. Figures and pictures are behind "Details"; where
 * there are no cards they are the answer, and stand here.
 */
export function summaryMessage(
  diagnosis: Diagnosis,
  options: { title: string; pictures?: Picture[]; pages?: readonly Page[]; questions?: readonly OpenQuestion[] },
): Message {
  const { unmet, advice, reason, instead } = headlineOf(diagnosis)
  const title = `*${escapeText(options.title, 200)}*`
  const line = diagnosis.cards.length > 0 ? `${title}: *${escapeText(advice, 900)}*` : `${title}: ${escapeText(advice, 900)}`
  const first = unmet === null ? [] : [`:warning: ${escapeText(unmet, 400)}`]
  const others = instead.map((suggestion) => `• ${escapeText(suggestion, 400)}`)
  const blocks: AnyBlock[] = [section([...first, line, escapeText(reason, 800), ...others].join('\n'))]
  // first of all where there are no cards without an answer
  blocks.push(...questionBlocks(diagnosis.run, options.title, options.questions ?? []))
  if (diagnosis.cards.length === 0) {
    const notes = diagnosis.notes.filter((note) => note !== unmet)
    blocks.push(...detailBlocks({ ...diagnosis, notes }, options))
  }
  blocks.push(context(`${whatFollows(diagnosis, options.questions ?? [])} ${footer(diagnosis)}`))
  if (diagnosis.cards.length > 0) blocks.push(actions(button('Details', 'details', { run: diagnosis.run })))
  return message(plain(`${options.title}: ${unmet === null ? '' : `${unmet} `}${advice}`), blocks)
}

/** Behind "Details": evidence, KPIs, top ops, pictures, what was found besides, and notes. */
export function detailsMessage(diagnosis: Diagnosis, options: { title: string; pictures?: Picture[]; pages?: readonly Page[] }): Message {
  const headline = `*${escapeText(options.title, 200)}*${finding(diagnosis)}`
  const text = [headline, ...evidenceOf(diagnosis).map((line) => `• ${escapeText(line, 500)}`)].join('\n')
  return message(plain(headline), [section(text, { folds: true }), ...detailBlocks(diagnosis, options), feedback(diagnosis.run)])
}

function detailBlocks(diagnosis: Diagnosis, options: { pictures?: Picture[]; pages?: readonly Page[] }): AnyBlock[] {
  const blocks: AnyBlock[] = []
  const kpis = kpiFields(diagnosis)
  if (kpis.length > 0) blocks.push(fields(kpis))
  const chart = stepChart(diagnosis)
  if (chart !== null) blocks.push(chart as AnyBlock)
  if (diagnosis.top_ops.length > 0) blocks.push(topOps(diagnosis))
  for (const picture of (options.pictures ?? []).slice(0, 4)) {
    blocks.push({ type: 'image', slack_file: { id: picture.slackFileId }, alt_text: clip(picture.altText, 1000) } as AnyBlock)
  }
  const patterns = diagnosis.anti_patterns.slice(0, 3).map((pattern) => {
    const share = pattern.share === null ? '' : ` (${formatShare(pattern.share)} of the step)`
    return `• ${escapeText(pattern.kind.replaceAll('_', ' '), 100)}${share}: ${escapeText(pattern.fix, 400)}`
  })
  if (patterns.length > 0) blocks.push(section(`*Also found*\n${patterns.join('\n')}`, { folds: true }))
  const suggested = diagnosis.suggestions.slice(0, 4).map(suggestionLine)
  if (suggested.length > 0) blocks.push(section(`*Besides the mesh*\n${suggested.join('\n')}`, { folds: true }))
  const notes = diagnosis.notes.slice(0, 5).map((note) => escapeText(note, 500))
  if (notes.length > 0) blocks.push(context(...notes))
  const pages = (options.pages ?? []).slice(0, 4).map((page) => link(page.uri, page.title, 700))
  if (pages.length > 0) blocks.push(context(`Look closer: ${pages.join(' · ')}`))
  if (diagnosis.top_ops.length > 0) blocks.push(actions(button('Whole page as a file', 'profile_page', { run: diagnosis.run })))
  return blocks
}

function suggestionLine(suggestion: Diagnosis['suggestions'][number]): string {
  const { what, why } = suggestion
  const brings = suggestionGain(suggestion)
  const settings = settingsText(suggestion)
    .split('\n')
    .map((line) => `\`${escapeCode(line, 600)}\``)
  return `• *${escapeText(what, 200)}*${brings === '' ? '' : `: ${brings}`}. ${escapeText(why, 400)}\n${settings.join(' ')}`
}

/** No profile, nothing measured: what is said of the bottleneck is predicted. */
function isColdStart({ kpis, top_ops }: Diagnosis): boolean {
  return top_ops.length === 0 && Object.values(kpis).every((value) => value === null)
}

/** What was found in a word or two, for lists. */
export function bottleneckShort(diagnosis: Diagnosis): string {
  return isColdStart(diagnosis) ? 'cold start' : bottleneckWords[diagnosis.bottleneck.class]
}

/** What was found, after the experiment's name. */
function finding(diagnosis: Diagnosis): string {
  const { bottleneck } = diagnosis
  const words = bottleneckWords[bottleneck.class]
  if (isColdStart(diagnosis)) {
    if (bottleneck.class === 'unknown') return ': a *cold start*, planned from the experiment alone'
    return bottleneck.class === 'capacity'
      ? ' is predicted to run *out of memory*'
      : ` is predicted to be *${words}*, nothing was measured yet`
  }
  if (bottleneck.class === 'unknown') return ' has *no clear bottleneck*'
  return ` is *${words}* (confidence ${formatShare(bottleneck.confidence)})`
}

/** What speaks for it; where nothing does, what would. */
function evidenceOf(diagnosis: Diagnosis): string[] {
  const { bottleneck } = diagnosis
  if (!isColdStart(diagnosis) || bottleneck.class !== 'unknown') return bottleneck.evidence.slice(0, 3)
  return ['with a profile of a few steps, or the mesh and step time of a run, I can say what holds it back']
}

function kpiFields(diagnosis: Diagnosis): string[] {
  const { kpis } = diagnosis
  const entry = (name: string, value: number | null, text: string) => (value === null ? [] : [`*${name}*\n${text}`])
  const step = baselineStepMs(diagnosis)
  const stepName = kpis.step_time_ms === null ? 'Step (predicted)' : 'Step'
  return [
    ...entry(stepName, step, formatMs(step)),
    ...entry('Duty cycle', kpis.duty_cycle, formatShare(kpis.duty_cycle)),
    ...entry('MXU', kpis.mxu_utilization, formatShare(kpis.mxu_utilization)),
    ...entry('MFU', kpis.mfu, formatShare(kpis.mfu)),
    ...entry('HBM bandwidth', kpis.hbm_bandwidth_utilization, formatShare(kpis.hbm_bandwidth_utilization)),
    ...entry('Peak HBM', kpis.peak_hbm_gib, formatGib(kpis.peak_hbm_gib)),
    ...entry(
      'Communication',
      kpis.communication_share,
      `${formatShare(kpis.communication_share)}${kpis.exposed_communication_share === null ? '' : ` (exposed ${formatShare(kpis.exposed_communication_share)})`}`,
    ),
    ...entry('Roofline', kpis.roofline_efficiency, formatShare(kpis.roofline_efficiency)),
  ]
}

function topOps(diagnosis: Diagnosis): AnyBlock {
  // self times add up over cores and steps; what an engineer compares is the part of one step
  const step = diagnosis.kpis.step_time_ms
  const rows = diagnosis.top_ops.slice(0, 10).map((op) => {
    const time = step === null ? [] : [numberCell(op.share * step, formatMs(op.share * step))]
    // a narrow screen shows the first columns
    return [
      textCell(clip(op.name, 120)),
      numberCell(op.share, formatShare(op.share)),
      ...time,
      textCell(op.bound_by),
      textCell(clip(op.category, 60)),
    ]
  })
  return dataTable('Top operations', ['Top ops', 'Share', ...(step === null ? [] : ['Of a step']), 'Bound by', 'Category'], rows)
}

function whatFollows({ cards }: Diagnosis, questions: readonly OpenQuestion[]): string {
  if (cards.length === 0 && questions.some(({ needed }) => needed)) return 'No cards yet: answer above.'
  if (cards.length === 0) return 'No cards: the notes say what is missing or in the way.'
  const emoji = cards.map((card) => ({ 1: ':one:', 2: ':two:', 3: ':three:' })[card.rank]).join(' ')
  return `React ${emoji} to adopt; ask anything here.`
}

function footer(diagnosis: Diagnosis): string {
  const total = diagnosis.timings_ms.total ?? Object.values(diagnosis.timings_ms).reduce((sum, ms) => sum + ms, 0)
  const parts = [
    `run \`${escapeCode(diagnosis.run, 150)}\``,
    diagnosis.reasoning === 'gemini' ? 'Analysis: Gemini, every number from a tool' : 'Analysis: rules',
    total > 0 ? formatMs(total) : null,
    diagnosis.cost_usd === null ? null : formatUsd(diagnosis.cost_usd),
  ]
  return parts.filter((part) => part !== null).join(' · ')
}

function feedback(run: string): AnyBlock {
  const choice = (text: string, value: string) => ({ text: { type: 'plain_text', text }, value: JSON.stringify({ run, feedback: value }) })
  return {
    type: 'context_actions',
    elements: [
      {
        type: 'feedback_buttons',
        action_id: 'feedback',
        positive_button: choice('Useful', 'good'),
        negative_button: choice('Not useful', 'bad'),
      },
    ],
  } as AnyBlock
}
