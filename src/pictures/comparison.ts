import { scaleLinear } from 'd3-scale'
import type { Comparison } from '../contract/diagnosis.ts'
import { formatChange, formatGibNumber, formatMs } from '../text/units.ts'
import { legend, plate } from './plate.ts'
import { el, group, type Markup } from './svg.ts'
import { fitText, text, textWidth } from './text.ts'
import { colors, font, size } from './theme.ts'

const area = { left: 24, right: size.width - 24, bars: 296, top: 84, bottom: size.height - 46 } as const
const shown = 7

type Part = Comparison['parts'][number]

/** Two profiles side by side: what each part of a step took before and after, the greatest changes. */
export function comparisonSvg(comparison: Comparison): string {
  const parts = tellingParts(comparison)
  const longest = Math.max(0, ...parts.flatMap((part) => [part.before_ms, part.after_ms]).filter(Number.isFinite))
  const x = scaleLinear()
    .domain([0, longest > 0 ? longest : 1])
    .range([area.bars, area.right - 150])
    .clamp(true)
  const pitch = Math.min(52, (area.bottom - area.top - 30) / Math.max(1, parts.length))
  return plate({
    title: headline(comparison),
    subtitle: `${lastParts(comparison.before)} → ${lastParts(comparison.after)}${memory(comparison)}`,
    alt: comparisonAlt(comparison),
    content:
      parts.length === 0
        ? [text(size.width / 2, size.height / 2, 'nothing to compare', { anchor: 'middle', fill: colors.muted })]
        : [
            legend(
              [
                { color: colors.before, label: 'before', width: 84 },
                { color: colors.after, label: 'after', width: 74 },
              ],
              { x: area.left, y: area.top + 4 },
            ),
            axis(x, area.top + 24 + parts.length * pitch),
            ...parts.map((part, at) => drawPart(part, x, area.top + 28 + at * pitch, Math.min(15, pitch * 0.34))),
          ],
  })
}

/** What the picture says, in words. */
export function comparisonAlt(comparison: Comparison): string {
  const parts = tellingParts(comparison).map(
    (part) => `${part.name.slice(0, 80)} ${formatMs(part.before_ms)} before, ${formatMs(part.after_ms)} after`,
  )
  const body = parts.length === 0 ? 'Nothing to compare' : parts.join('; ')
  return `${headline(comparison)}, ${comparison.before.slice(-120)} against ${comparison.after.slice(-120)}. ${body}.`
}

/**
 * The parts that changed most, in the order of the comparison. Parts whose time lies within another's (in flight) come after
 * those that add up.
 */
function tellingParts({ parts }: Comparison): Part[] {
  const isWithin = (part: Part) => part.name.startsWith('collective in flight')
  return [...parts.filter((part) => !isWithin(part)), ...parts.filter(isWithin)].slice(0, shown)
}

function headline({ step_time_ratio: ratio }: Comparison): string {
  if (ratio === null || !(ratio > 0)) return 'Before and after, part by part'
  return `Step time ${formatChange(ratio)}${ratio < 1 ? `, ${(1 / ratio).toFixed(2)}× as fast` : ''}`
}

function memory({ memory_gib: { before, after } }: Comparison): string {
  return before === null || after === null ? '' : `; peak HBM ${formatGibNumber(before)} → ${formatGibNumber(after)} GiB`
}

/** The end of a path tells profiles apart, not its beginning. */
function lastParts(source: string): string {
  return fitText(source.split('/').filter(Boolean).slice(-2).join('/'), 230, font.small)
}

function drawPart(part: Part, x: (ms: number) => number, y: number, height: number): Markup {
  const change = part.after_ms - part.before_ms
  const middle = y + height
  const bar = (ms: number, top: number, fill: string, className: string) => [
    el('rect', { x: x(0), y: top, width: Math.max(ms > 0 ? 1 : 0, x(ms) - x(0)), height, fill, class: className }),
  ]
  const end = Math.max(x(part.before_ms), x(part.after_ms)) + 8
  const figures = `${formatMs(part.before_ms)} → ${formatMs(part.after_ms)}`
  const sign = change === 0 ? '±0' : `${change > 0 ? '+' : '−'}${formatMs(Math.abs(change))}`
  const fill = change <= 0 ? colors.better : colors.worse
  const fits = end + textWidth(figures, font.small) < area.right
  return group({ class: 'part' }, [
    text(area.bars - 12, middle + 5, fitText(part.name, area.bars - area.left - 12, font.small), { size: font.small, anchor: 'end' }),
    ...bar(part.before_ms, y, colors.before, 'before'),
    ...bar(part.after_ms, y + height + 1, colors.after, 'after'),
    ...(fits ? [text(end, middle - 3, figures, { size: font.small, fill: colors.muted })] : []),
    text(end, middle + 13, sign, { size: font.small, weight: 600, fill }),
  ])
}

function axis(x: ReturnType<typeof scaleLinear<number, number>>, bottom: number): Markup {
  return group(
    { class: 'axis' },
    x
      .ticks(5)
      .flatMap((tick) => [
        el('line', { x1: x(tick), y1: area.top + 20, x2: x(tick), y2: bottom, stroke: colors.grid }),
        text(x(tick), bottom + 18, tick === 0 ? '0' : formatMs(tick), { size: font.small, fill: colors.muted, anchor: 'middle' }),
      ]),
  )
}
