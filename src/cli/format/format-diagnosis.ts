import type { Card, Diagnosis } from '../../contract/diagnosis.ts'
import { formatUsd } from '../../text/units.ts'
import { bringsWords, ownReason, timeWords } from '../../thread/say/card-lines.ts'
import { headlineOf } from '../../thread/say/headline.ts'
import { compilerWords, fitWords, frameworkOf, meshAxes, meshWords, shareOfStep } from '../../thread/say/say-verdict.ts'
import { settingsText, suggestionGain } from '../../thread/say/settings-text.ts'
import { formatAntiPattern, formatBottleneck, formatKpis, formatOps } from './format-report.ts'
import { formatCompiler } from './format-verdict.ts'

/** A diagnosis for the terminal: what to do first, then the cards, then the figures behind them. */
export function formatDiagnosis(diagnosis: Diagnosis): string {
  const { unmet, advice, reason, instead } = headlineOf(diagnosis)
  const lines = unmet === null ? [] : [unmet]
  lines.push(`${diagnosis.experiment ?? 'profile alone'}: ${advice}`, reason, ...instead.map((suggestion) => `  • ${suggestion}`))
  for (const card of diagnosis.cards) lines.push('', formatCard(diagnosis, card))
  lines.push('', formatBottleneck(diagnosis.bottleneck), '', formatKpis(diagnosis.kpis))
  if (diagnosis.top_ops.length > 0) lines.push('', formatOps(diagnosis.top_ops.slice(0, 5), diagnosis.kpis.step_time_ms))
  for (const pattern of diagnosis.anti_patterns.slice(0, 5)) lines.push('', formatAntiPattern(pattern))
  for (const suggestion of diagnosis.suggestions) lines.push('', ...formatSuggestion(suggestion))
  const notes = diagnosis.notes.filter((note) => note !== unmet)
  if (notes.length > 0) lines.push('', ...notes.map((note) => `note: ${note}`))
  lines.push('', `run ${diagnosis.run}, analysis: ${diagnosis.reasoning}`)
  return lines.join('\n')
}

function formatSuggestion(suggestion: Diagnosis['suggestions'][number]): string[] {
  const brings = suggestionGain(suggestion)
  const settings = settingsText(suggestion).split('\n')
  return [
    `besides the mesh: ${suggestion.what}${brings === '' ? '' : `: ${brings}`}`,
    `  ${suggestion.why}`,
    ...settings.map((line) => `    ${line}`),
  ]
}

function formatCard(diagnosis: Diagnosis, card: Card): string {
  const { estimate } = card
  const framework = frameworkOf(card)
  const words = [fitWords(card), compilerWords(card), shareOfStep(card), estimate === null ? '' : price(estimate)]
  const lines = [
    `${card.rank}. ${meshWords(framework, card)}  (${meshAxes(card)})`,
    `   ${[bringsWords(card), timeWords(card)].filter((part) => part !== '').join('; ')}`,
    `   ${words.filter((word) => word !== '').join(' · ')}`,
    `   ${ownReason(card, diagnosis.cards)}`,
  ]
  for (const evidence of card.evidence.slice(0, 4))
    lines.push(`   ${evidence.stance === 'against' ? 'Against' : 'Evidence'}: ${evidence.kind} ${evidence.title}  ${evidence.uri}`)
  for (const warning of card.warnings) lines.push(`   ! ${warning.message}`)
  for (const snippet of Object.values(card.snippets)) lines.push(...snippet.split('\n').map((line) => `     ${line}`))
  if (card.compiler) lines.push(`   compiler: ${formatCompiler(card.compiler)}`)
  return lines.join('\n')
}

function price(estimate: NonNullable<Card['estimate']>): string {
  return estimate.tpot_ms === null
    ? `${formatUsd(estimate.usd_per_1000_steps)} per 1,000 steps`
    : `${formatUsd(estimate.usd_per_million_tokens)} per million tokens`
}
