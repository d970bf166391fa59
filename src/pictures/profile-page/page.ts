import type { ProfileReport } from '../../contract/profile-report.ts'
import { rooflineSvg } from '../../pictures/roofline.ts'
import type { ProfileDetails } from '../../profile/profile-details.ts'
import { hostHeadings, hostRows } from '../../text/host-rows.ts'
import { formatBytes, formatGib, formatMs, formatShare, significant } from '../../text/units.ts'
import { categoryBar, stepBars, timeline } from './charts.ts'
import type { Html } from './html.ts'
import { escapeHtml, section, table, tag } from './html.ts'
import { style } from './style.ts'

/**
 * A profile as one page that needs nothing else: it can be attached to a ticket and opened years later. All names in it are data
 * and escaped. `details` is null for a server's replies, which have no timeline.
 */
export function profilePage(report: ProfileReport, details: ProfileDetails | null): string {
  const body = tag(
    'main',
    {},
    head(report),
    section('Figures of the steps', kpiList(report, details)),
    ...(report.categories.length > 0
      ? [section('Where a step’s time goes', categoryBar(report.categories, report.kpis.step_time_ms))]
      : []),
    ...stepSection(report, details),
    ...(report.top_ops.length > 0 ? [section('Longest ops', opTable(report))] : []),
    ...(report.roofline.points.length > 0 ? [section('Roofline', { html: rooflineSvg(report) })] : []),
    ...collectiveSection(report, details),
    ...(report.hosts.length > 0 ? [section('Hosts', hostTable(report))] : []),
    ...memorySection(details),
    ...(report.anti_patterns.length > 0 ? [section('Found in the compiled program', patternTable(report))] : []),
    ...(report.notes.length > 0 ? [section('Notes', tag('ul', {}, ...report.notes.map((note) => tag('li', {}, note))))] : []),
  )
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeHtml(`Profile: ${report.source}`)}</title><style>${style}</style></head><body>${body.html}</body></html>
`
}

/** What takes less of a step is in no table. */
const leastShare = 1e-4

function head(report: ProfileReport): Html {
  const { device, bottleneck } = report
  const also = bottleneck.also.length > 0 ? `, also ${bottleneck.also.join(', ')}` : ''
  return tag(
    'header',
    {},
    tag('h1', {}, report.source),
    tag('p', { class: 'muted' }, `${device.type}, ${plural(device.devices, 'device')} on ${plural(device.hosts, 'host')}`),
    tag('p', { class: 'class' }, `Bottleneck: ${bottleneck.class} (confidence ${formatShare(bottleneck.confidence)}${also})`),
    tag('ul', {}, ...bottleneck.evidence.map((line) => tag('li', {}, line))),
  )
}

function kpiList({ kpis, outside_steps_ms: outside }: ProfileReport, details: ProfileDetails | null): Html {
  const capacity = details?.memory?.capacityGib ?? null
  const figures: [string, string][] = [
    ['step', formatMs(kpis.step_time_ms)],
    ['MFU', formatShare(kpis.mfu)],
    ['MXU', formatShare(kpis.mxu_utilization)],
    ['HBM bandwidth', formatShare(kpis.hbm_bandwidth_utilization)],
    ['roofline', formatShare(kpis.roofline_efficiency)],
    ['duty cycle', formatShare(kpis.duty_cycle)],
    ['communication', formatShare(kpis.communication_share)],
    ['exposed', formatShare(kpis.exposed_communication_share)],
    ['peak HBM', `${formatGib(kpis.peak_hbm_gib)}${capacity === null ? '' : ` of ${significant(capacity)}`}`],
    ['outside the steps', formatMs(outside)],
  ]
  return tag('dl', {}, ...figures.map(([name, value]) => tag('div', {}, tag('dt', {}, name), tag('dd', {}, value))))
}

function stepSection(report: ProfileReport, details: ProfileDetails | null): Html[] {
  const parts: Html[] = []
  const { steps } = report
  if (steps)
    parts.push(
      tag(
        'p',
        {},
        `${plural(steps.count, 'step')}: median ${formatMs(steps.median_ms)}, ${formatMs(steps.min_ms)} to ${formatMs(steps.max_ms)}; ${steps.slow} slow, ${steps.partial} partial.`,
      ),
    )
  if (details && details.steps.length > 0) parts.push(stepBars(details.steps))
  if (details && details.timelines.length > 0)
    parts.push(
      tag(
        'p',
        { class: 'muted' },
        `Busy from left to right over ${formatMs(details.traceMs)} of trace; under it the steps, slow ones in red.`,
      ),
      ...details.timelines.map(timeline),
    )
  return parts.length > 0 ? [section('Steps and timeline', ...parts)] : []
}

function opTable({ top_ops: ops, kpis }: ProfileReport): Html {
  const step = kpis.step_time_ms
  return table(
    ['op', 'category', step === null ? 'self ' : 'of a step ', 'share ', 'bound by', 'FLOP/byte ', 'source'],
    ops
      .filter((op) => op.share >= leastShare)
      .slice(0, 40)
      .map((op) => [
        tag('span', { title: op.name }, op.name),
        op.category,
        formatMs(step === null ? op.self_ms : op.share * step),
        formatShare(op.share),
        op.bound_by,
        op.flops !== null && op.bytes ? significant(op.flops / op.bytes) : '–',
        op.source ?? '–',
      ]),
  )
}

function collectiveSection(report: ProfileReport, details: ProfileDetails | null): Html[] {
  if (report.collectives.length === 0) return []
  const links = new Map(details?.links.map((link) => [link.name, link]) ?? [])
  const rows = report.collectives.slice(0, 40).map((one) => {
    const link = links.get(one.name)
    const rate = link?.gbps == null ? '–' : `${significant(link.gbps)}${link.peakGbps === null ? '' : ` of ${significant(link.peakGbps)}`}`
    return [
      one.kind,
      one.name,
      link?.between === 'slices' ? 'slices' : (link?.axes ?? 'chips'),
      formatBytes(one.bytes),
      one.group_size === null ? '–' : String(one.group_size),
      link ? formatMs(link.ms) : '–',
      rate,
      formatShare(one.occupied_share),
      formatShare(one.exposed_share),
    ]
  })
  return [
    section(
      'Collectives',
      table(['kind', 'name', 'over', 'payload ', 'group ', 'one takes ', 'GB/s ', 'in flight ', 'exposed '], rows),
      tag(
        'p',
        { class: 'muted' },
        'GB/s: what a device puts through its links while one is in flight, waiting for late peers included, of what the links of one axis carry both ways.',
      ),
    ),
  ]
}

function hostTable({ hosts }: ProfileReport): Html {
  const [name, ...figures] = hostHeadings
  return table([name, ...figures.map((heading) => `${heading} `)], hostRows(hosts, 64))
}

function memorySection(details: ProfileDetails | null): Html[] {
  const memory = details?.memory
  if (!memory) return []
  const seen = memory.buffers.reduce((sum, buffer) => sum + buffer.bytes * buffer.count, 0)
  const rest = memory.peakGib * 2 ** 30 - seen
  const rows = memory.buffers.map((buffer) => [
    buffer.op === '' ? 'not named' : buffer.op,
    buffer.shape === '' ? '–' : buffer.shape,
    String(buffer.count),
    formatBytes(buffer.bytes * buffer.count),
    formatShare((buffer.bytes * buffer.count) / 2 ** 30 / memory.peakGib),
  ])
  if (rest > seen * 0.01)
    rows.push([
      'allocated before the trace, or reserved for programs',
      '–',
      '–',
      formatBytes(rest),
      formatShare(rest / 2 ** 30 / memory.peakGib),
    ])
  return [
    section(
      `Memory at its peak, device ${memory.device}`,
      tag(
        'p',
        {},
        `${formatGib(memory.peakGib)}${memory.capacityGib === null ? '' : ` of ${formatGib(memory.capacityGib)}`} in use. Alive then, the largest first:`,
      ),
      table(['allocated by', 'shape', 'buffers ', 'bytes ', 'of the peak '], rows),
    ),
  ]
}

function patternTable({ anti_patterns: patterns }: ProfileReport): Html {
  return table(
    ['what', 'ops', 'share ', 'bytes ', 'what to do'],
    patterns
      .slice(0, 20)
      .map((pattern) => [
        pattern.kind,
        pattern.ops.slice(0, 3).join(', '),
        formatShare(pattern.share),
        formatBytes(pattern.bytes),
        tag('span', { style: 'white-space:normal;display:block;min-width:260px' }, pattern.fix),
      ]),
  )
}

function plural(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? '' : 's'}`
}
