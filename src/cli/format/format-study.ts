import type { ModuleStudy } from '../../compiler/study-module.ts'
import { formatBytes, formatMs, formatShare } from '../../text/units.ts'

const maxRows = 8

/** What a compiled program communicates and where it wastes time, for the terminal: indented lines. */
export function formatStudy({ exposedCommunicationMs, collectives, antiPatterns }: ModuleStudy): string[] {
  const exposed = exposedCommunicationMs === null ? '' : `, ${formatMs(exposedCommunicationMs)} of it exposed (replayed)`
  const lines = [`  compiled collectives, a device's bytes in a step${exposed}`]
  for (const { kind, axes, bytes, overlappedBytes, executions } of collectives.slice(0, maxRows)) {
    const over = axes === null ? 'part of the mesh' : axes.join(' × ')
    const beside = overlappedBytes > 0 ? `, ${formatShare(overlappedBytes / bytes)} beside compute` : ''
    lines.push(`    ${kind} over ${over}: ${formatBytes(bytes)} in ${executions.toLocaleString('en-US')}${beside}`)
  }
  if (collectives.length === 0) lines.push('    none')
  if (collectives.length > maxRows) lines.push(`    and ${collectives.length - maxRows} more`)
  for (const { kind, ops, bytes, share, fix } of antiPatterns) {
    const stake = [bytes === null ? '' : formatBytes(bytes), share === null ? '' : `${formatShare(share)} of the step`].filter(Boolean)
    lines.push(`  ! ${kind}${stake.length > 0 ? ` (${stake.join(', ')})` : ''}: ${ops.slice(0, 3).join(', ')}. ${fix}`)
  }
  return lines
}
