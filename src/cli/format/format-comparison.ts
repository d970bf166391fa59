import type { Comparison } from '../../contract/diagnosis.ts'
import { formatChange, formatGib, formatMs } from '../../text/units.ts'
import { formatTable } from './table.ts'

/** Two profiles side by side, for the terminal. */
export function formatComparison(comparison: Comparison): string {
  const { step_time_ratio: ratio, memory_gib: memory } = comparison
  // what makes the figures no comparison at all comes before them
  const apart = comparison.notes.filter((one) => /^(?:Not the same|These look like different)/.test(one))
  const settings = comparison.notes.filter((one) => one.startsWith('Setting '))
  const notes = comparison.notes.filter((one) => !apart.includes(one) && !settings.includes(one))
  const lines = [
    `before: ${comparison.before}`,
    `after:  ${comparison.after}`,
    '',
    ...apart.map((one) => `note: ${one}`),
    `step time: ${ratio === null ? 'not comparable' : formatChange(ratio)}`,
    `peak HBM: ${formatGib(memory.before)} → ${formatGib(memory.after)}`,
    ...settings.map((one) => one.replace(/^S/, 's')),
  ]
  const rows = (entries: Comparison['parts']) =>
    entries
      .slice(0, 15)
      .map((entry) => [entry.name, formatMs(entry.before_ms), formatMs(entry.after_ms), signed(entry.after_ms - entry.before_ms)])
  lines.push(
    '',
    formatTable(['part', 'before', 'after', 'change'], rows(comparison.parts)),
    '',
    formatTable(['op', 'before', 'after', 'change'], rows(comparison.ops)),
  )
  if (notes.length > 0) lines.push('', ...notes.map((one) => `note: ${one}`))
  return lines.join('\n')
}

function signed(ms: number): string {
  return ms === 0 ? '±0' : `${ms > 0 ? '+' : '−'}${formatMs(Math.abs(ms))}`
}
