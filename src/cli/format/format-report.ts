import type { Bottleneck, Kpis, Op, ProfileReport } from '../../contract/profile-report.ts'
import { hostHeadings, hostRows } from '../../text/host-rows.ts'
import { formatBytes, formatGib, formatMs, formatShare, significant } from '../../text/units.ts'
import { formatTable } from './table.ts'

/** A profile's report, for the terminal. */
export function formatReport(report: ProfileReport): string {
  const { device, roofline } = report
  const lines = [
    `${report.source}`,
    `${device.type}, ${device.devices} device${device.devices === 1 ? '' : 's'} on ${device.hosts} host${device.hosts === 1 ? '' : 's'}`,
    '',
    formatBottleneck(report.bottleneck),
    '',
    formatKpis(report.kpis),
  ]
  if (roofline.peak_tflops !== null) {
    lines.push(
      `roofline: peak ${significant(roofline.peak_tflops)} TFLOP/s, HBM ${significant(roofline.peak_hbm_gbps ?? 0)} GB/s, ridge ${significant(roofline.ridge_flop_per_byte ?? 0)} FLOP/byte`,
    )
  }
  lines.push(...formatTime(report))
  if (report.top_ops.length > 0) lines.push('', formatOps(report.top_ops, report.kpis.step_time_ms))
  if (report.collectives.length > 0) {
    const rows = report.collectives
      .slice(0, 10)
      .map((one) => [
        one.kind,
        one.name,
        formatBytes(one.bytes),
        one.group_size === null ? '–' : String(one.group_size),
        formatShare(one.occupied_share),
        formatShare(one.exposed_share),
      ])
    lines.push('', formatTable(['collective', 'name', 'bytes', 'group', 'in flight', 'exposed'], rows))
  }
  for (const pattern of report.anti_patterns) lines.push('', formatAntiPattern(pattern))
  for (const device of report.skew.filter((one) => one.slowdown > 1.02).slice(0, 5))
    lines.push(`straggler: ${device.device}, ${significant(device.slowdown)} times the median`)
  if (report.notes.length > 0) lines.push('', ...report.notes.map((note) => `note: ${note}`))
  return lines.join('\n')
}

/** An op that takes less of a step is not told. */
const leastShare = 1e-4

/** Where a step's time goes, how long steps take, and what each of several hosts waits for. */
function formatTime({ categories, steps, outside_steps_ms: outside, hosts }: ProfileReport): string[] {
  const lines: string[] = []
  const parts = categories.filter((part) => part.share >= 0.001)
  if (parts.length > 0) lines.push(`time: ${parts.map((part) => `${part.name.replace('_', ' ')} ${formatShare(part.share)}`).join(' · ')}`)
  if (steps)
    lines.push(
      `steps: ${steps.count}, ${formatMs(steps.min_ms)} to ${formatMs(steps.max_ms)}, ${steps.slow} slow, ${steps.partial} partial${outside !== null && outside >= 1 ? `; ${formatMs(outside)} outside them` : ''}`,
    )
  if (hosts.length > 1) lines.push('', formatTable(hostHeadings, hostRows(hosts, 16)))
  return lines
}

export function formatBottleneck(bottleneck: Bottleneck): string {
  const also = bottleneck.also.length > 0 ? `, also ${bottleneck.also.join(', ')}` : ''
  return [
    `bottleneck: ${bottleneck.class} (confidence ${formatShare(bottleneck.confidence)}${also})`,
    ...bottleneck.evidence.map((line) => `  ${line}`),
  ].join('\n')
}

export function formatKpis(kpis: Kpis): string {
  const cells = [
    ['step', formatMs(kpis.step_time_ms)],
    ['duty cycle', formatShare(kpis.duty_cycle)],
    ['MFU', formatShare(kpis.mfu)],
    ['MXU', formatShare(kpis.mxu_utilization)],
    ['HBM bandwidth', formatShare(kpis.hbm_bandwidth_utilization)],
    ['communication', formatShare(kpis.communication_share)],
    ['exposed', formatShare(kpis.exposed_communication_share)],
    ['roofline', formatShare(kpis.roofline_efficiency)],
    ['peak HBM', formatGib(kpis.peak_hbm_gib)],
  ]
  return cells.map(([name, value]) => `${name} ${value}`).join(' · ')
}

/** @param stepTimeMs Where it is known an op's time is its part of a step; its self time adds up over cores and steps. */
export function formatOps(ops: readonly Op[], stepTimeMs: number | null): string {
  const time = (op: Op) => formatMs(stepTimeMs === null ? op.self_ms : op.share * stepTimeMs)
  const rows = ops
    .filter((op, index) => index < 3 || op.share >= leastShare)
    .slice(0, 10)
    .map((op) => [op.name, op.category, time(op), formatShare(op.share), op.bound_by, op.source ?? ''])
  return formatTable(['top op', 'category', stepTimeMs === null ? 'self' : 'of a step', 'share', 'bound by', 'source'], rows)
}

export function formatAntiPattern(pattern: ProfileReport['anti_patterns'][number]): string {
  const stake = [pattern.share === null ? '' : formatShare(pattern.share), pattern.bytes === null ? '' : formatBytes(pattern.bytes)].filter(
    (part) => part !== '',
  )
  return `${pattern.kind}${stake.length > 0 ? ` (${stake.join(', ')})` : ''}: ${pattern.ops.slice(0, 3).join(', ')}${pattern.ops.length > 3 ? ` and ${pattern.ops.length - 3} more` : ''}\n  fix: ${pattern.fix}`
}
