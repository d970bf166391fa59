import type { Card, Diagnosis } from '../../contract/diagnosis.ts'
import type { Framework } from '../../contract/experiment.ts'
import { formatMeshIn } from '../../text/axis-names.ts'
import { formatChange, formatGib, formatGibNumber, formatMs, formatShare, formatUsd } from '../../text/units.ts'
import { formatAntiPattern, formatBottleneck, formatKpis, formatOps } from './format-report.ts'
import { formatCompiler, title } from './format-verdict.ts'

/** A diagnosis for the terminal: the summary, then the cards. */
export function formatDiagnosis(diagnosis: Diagnosis): string {
  const lines = [
    `${diagnosis.experiment ?? 'profile alone'}  (run ${diagnosis.run}, ${diagnosis.reasoning})`,
    '',
    formatBottleneck(diagnosis.bottleneck),
    '',
    formatKpis(diagnosis.kpis),
  ]
  if (diagnosis.top_ops.length > 0) lines.push('', formatOps(diagnosis.top_ops.slice(0, 5), diagnosis.kpis.step_time_ms))
  for (const pattern of diagnosis.anti_patterns.slice(0, 5)) lines.push('', formatAntiPattern(pattern))
  if (diagnosis.baseline)
    lines.push('', `now: ${title(diagnosis.baseline)}, ${formatMs(diagnosis.baseline.estimate?.step_time_ms ?? null)}`)
  for (const card of diagnosis.cards) lines.push('', formatCard(card))
  if (diagnosis.notes.length > 0) lines.push('', ...diagnosis.notes.map((note) => `note: ${note}`))
  return lines.join('\n')
}

function formatCard(card: Card): string {
  const { estimate, memory } = card
  const framework = frameworkOf(card)
  const lines = [`${card.rank}. ${title(card)}  (${formatMeshIn(framework, card.mesh)})${card.physical === 'split' ? '  split' : ''}`]
  if (estimate) {
    const gain =
      card.predicted_speedup === null
        ? ''
        : `  (throughput ${formatChange(card.predicted_speedup)}, ${formatMs(estimate.low_ms)} to ${formatMs(estimate.high_ms)})`
    const exposed = `communication ${formatShare(estimate.communication_ms / estimate.step_time_ms)} (exposed ${formatShare(estimate.exposed_communication_ms / estimate.step_time_ms)})`
    const memoryText = memory ? `  HBM ${formatGibNumber(memory.required_gib)} of ${formatGib(memory.available_gib)}` : ''
    lines.push(
      `   step ${formatMs(estimate.step_time_ms)}${gain}${estimate.mfu === null ? '' : `  MFU ${formatShare(estimate.mfu)}`}${memoryText}  ${exposed}  ${formatUsd(estimate.usd_per_1000_steps)} per 1,000 steps`,
    )
  }
  lines.push(`   Why: ${card.rationale}`)
  for (const evidence of card.evidence.slice(0, 4)) lines.push(`   Evidence: ${evidence.kind} ${evidence.title}  ${evidence.uri}`)
  for (const warning of card.warnings) lines.push(`   ! ${warning.message}`)
  for (const snippet of Object.values(card.snippets)) lines.push(...snippet.split('\n').map((line) => `     ${line}`))
  if (card.compiler) lines.push(`   compiler: ${formatCompiler(card.compiler)}`)
  return lines.join('\n')
}

/** A card's snippets are in the dialects that were asked for; the first names its axes. */
function frameworkOf(card: Card): Framework {
  return card.snippets.maxtext === undefined ? (card.snippets.pax === undefined ? 'jax' : 'pax') : 'maxtext'
}
