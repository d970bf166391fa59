import { scaleLinear } from 'd3-scale'
import type { Card } from '../contract/diagnosis.ts'
import { formatMesh, meshSize } from '../contract/mesh.ts'
import type { Estimate, Verdict } from '../contract/verdict.ts'
import { formatChange, formatMs, formatShare } from '../text/units.ts'
import { legend, plate } from './plate.ts'
import { type Part, partLabels, partsOf } from './step-parts.ts'
import { el, group, type Markup } from './svg.ts'
import { fitText, text, textWidth } from './text.ts'
import { colors, font, kinds, size } from './theme.ts'

const area = { left: 24, right: size.width - 24, bars: 226, top: 84, bottom: size.height - 50 } as const

interface Row {
  name: string
  mesh: string
  estimate: Estimate
  /** Not what runs now, so that it has a range. */
  predicted: boolean
}

/** Where a step's time goes, now and with each card: bars of the parts that add up to the step, and its 90% range. */
export function breakdownSvg(baseline: Verdict | null, cards: readonly Card[]): string {
  const rows = toRows(baseline, cards)
  const before = baseline?.estimate ?? null
  const longest = Math.max(
    ...rows.flatMap((row) => [row.estimate.step_time_ms, row.predicted ? row.estimate.high_ms : 0]).filter(Number.isFinite),
    0,
  )
  const x = scaleLinear()
    .domain([0, longest > 0 ? longest : 1])
    .range([area.bars, area.right - 80])
    .clamp(true)
  const pitch = Math.min(84, (area.bottom - area.top - 34) / Math.max(1, rows.length))
  const drawn = rows.map((row, at) => drawRow(row, { x, y: area.top + 34 + at * pitch, height: Math.min(40, pitch * 0.55), before }))
  return plate({
    title: 'Where the time of a step goes',
    subtitle: rows.length === 0 ? 'No estimate to draw' : "Parts on the critical path, as estimated; the thin line is a card's 90% range",
    alt: breakdownAlt(baseline, cards),
    content: [
      ...(rows.length === 0
        ? [text(size.width / 2, size.height / 2, 'nothing to draw', { anchor: 'middle', fill: colors.muted })]
        : [legend(legendOf(rows), { x: area.left, y: area.top + 8 }), axis(x, area.top + 28 + rows.length * pitch), ...drawn]),
    ],
  })
}

/** What the picture says, in words. */
export function breakdownAlt(baseline: Verdict | null, cards: readonly Card[]): string {
  const rows = toRows(baseline, cards)
  if (rows.length === 0) return 'Where the time of a step goes: no estimate.'
  const lines = rows.map((row) => {
    const parts = partsOf(row.estimate).map((part) => `${part.label} ${formatMs(part.ms)}`)
    return `${row.name} (${row.mesh.slice(0, 120)}) ${formatMs(row.estimate.step_time_ms)}: ${parts.join(', ')}`
  })
  return `Where the time of a step goes. ${lines.join('. ')}.`
}

function toRows(baseline: Verdict | null, cards: readonly Card[]): Row[] {
  const named = [
    ...(baseline === null ? [] : [{ name: 'now', predicted: false, verdict: baseline }]),
    ...cards.map((card) => ({ name: `card ${card.rank}`, predicted: true, verdict: card as Verdict })),
  ]
  return named.flatMap(({ name, predicted, verdict }) =>
    verdict.estimate === null ? [] : [{ name, mesh: meshOf(verdict), estimate: verdict.estimate, predicted }],
  )
}

function meshOf({ mesh, dcn }: Verdict): string {
  return meshSize(dcn) > 1 ? `${formatMesh(mesh)} × ${formatMesh(dcn)}` : formatMesh(mesh)
}

interface RowPlace {
  x: (ms: number) => number
  y: number
  height: number
  before: Estimate | null
}

function drawRow(row: Row, { x, y, height, before }: RowPlace): Markup {
  const room = area.bars - area.left - 12
  const middle = y + height / 2
  const drawn: Markup[] = [
    text(area.left, middle - 3, row.name, { weight: 600 }),
    text(area.left, middle + 14, fitText(row.mesh, room, font.small), { size: font.small, fill: colors.muted }),
  ]
  let from = x(0)
  let sum = 0
  for (const part of partsOf(row.estimate)) {
    sum += part.ms
    const to = x(sum)
    drawn.push(el('rect', { x: from, y, width: Math.max(0, to - from), height, fill: kinds[part.key].color, class: part.key }))
    drawn.push(el('rect', { x: from, y, width: Math.max(0, to - from), height, fill: 'none', stroke: colors.plate, 'stroke-width': 1 }))
    const share = formatShare(Math.round((part.ms / row.estimate.step_time_ms) * 100) / 100)
    if (to - from > textWidth(share, font.small, 600) + 8)
      drawn.push(text((from + to) / 2, middle + 5, share, { size: font.small, weight: 600, anchor: 'middle', fill: colors.plate }))
    from = to
  }
  if (row.predicted) drawn.push(range(row.estimate, x, y + height + 6))
  const step = row.estimate.step_time_ms
  const end = from + 8
  drawn.push(text(end, middle + 1, formatMs(step), { weight: 600, halo: true }))
  if (row.predicted && before !== null && before.step_time_ms > 0) {
    const ratio = step / before.step_time_ms
    drawn.push(
      text(end, middle + 17, formatChange(ratio), { size: font.small, fill: ratio <= 1 ? colors.better : colors.worse, halo: true }),
    )
  }
  return group({ class: 'row' }, drawn)
}

function range({ low_ms: low, high_ms: high }: Estimate, x: (ms: number) => number, y: number): Markup {
  const line = (x1: number, y1: number, x2: number, y2: number) =>
    el('line', { x1, y1, x2, y2, stroke: colors.before, 'stroke-width': 1.5 })
  return group({ class: 'range' }, [line(x(low), y, x(high), y), line(x(low), y - 3, x(low), y + 3), line(x(high), y - 3, x(high), y + 3)])
}

function axis(x: ReturnType<typeof scaleLinear<number, number>>, bottom: number): Markup {
  const ticks = x.ticks(5)
  return group(
    { class: 'axis' },
    ticks.flatMap((tick) => [
      el('line', { x1: x(tick), y1: area.top + 26, x2: x(tick), y2: bottom, stroke: colors.grid }),
      text(x(tick), bottom + 18, tick === 0 ? '0' : formatMs(tick), { size: font.small, fill: colors.muted, anchor: 'middle' }),
    ]),
  )
}

function legendOf(rows: readonly Row[]) {
  const present = new Set(rows.flatMap((row) => partsOf(row.estimate).map((part) => part.key)))
  return (Object.keys(partLabels) as Part['key'][])
    .filter((key) => present.has(key))
    .map((key) => ({ color: kinds[key].color, label: partLabels[key], width: textWidth(partLabels[key], font.small) + 32 }))
}
