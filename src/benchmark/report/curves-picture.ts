import { el, group, type Markup } from '../../pictures/svg.ts'
import { colors, font } from '../../pictures/theme.ts'
import type { CurvePoint } from '../curve.ts'
import type { RaceResult, Rival } from '../race.ts'

const panel = { width: 330, height: 250, left: 58, top: 56, gap: 70 } as const
const legendHeight = 76
const width = panel.left + 3 * panel.width + 2 * panel.gap + 20
const height = panel.top + panel.height + 54 + legendHeight
/** Regrets below this are drawn as this: the axis is logarithmic. */
const floor = 0.001
const ceiling = 3

const looks: Readonly<Record<Rival, { color: string; dash?: string; width?: number }>> = {
  prompts: { color: '#0b5fc4', width: 3 },
  'prompts + vizier': { color: '#0f6b39', width: 2.5, dash: '7 3' },
  'prompts + optuna': { color: '#6b3fa0', width: 2.5, dash: '2 3' },
  vizier: { color: '#0f6b39' },
  optuna: { color: '#6b3fa0' },
  fsdp: { color: '#a34a00' },
  random: { color: '#8a929d' },
  roofline: { color: '#b5154f' },
  templates: { color: '#39705f', dash: '5 2' },
}

const panels = [
  { title: 'trials', of: (_: CurvePoint, at: number) => at + 1, log: false },
  { title: 'chip-hours, all tables together', of: ({ chipHours }: CurvePoint) => chipHours, log: true },
  { title: 'dollars, all tables together', of: ({ usd }: CurvePoint) => usd, log: true },
] as const

/** The search curves: how far the best so far is from the best, over trials, chip-hours and dollars. An SVG of its own. */
export function curvesPicture(results: readonly RaceResult[], most = 10): string {
  const shown = results.map((result) => ({ ...result, curve: result.curve.slice(0, most) }))
  const parts = [
    el('rect', { x: 0, y: 0, width, height, fill: colors.plate }),
    text(panel.left, 28, 'Best mesh so far: time per step beyond the best recorded', { size: font.title, weight: 600 }),
    ...panels.map((one, place) => panelOf(shown, one, panel.left + place * (panel.width + panel.gap))),
    legend(shown),
  ]
  return `${el('svg', { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${width} ${height}`, width, height, 'font-family': `${font.family}, sans-serif` }, ...parts).svg}\n`
}

function panelOf(results: readonly RaceResult[], { title, of, log }: (typeof panels)[number], left: number): Markup {
  const values = results.flatMap(({ curve }) => curve.map(of))
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const across = (value: number) =>
    log ? (Math.log(value) - Math.log(low)) / Math.max(1e-9, Math.log(high) - Math.log(low)) : (value - low) / Math.max(1e-9, high - low)
  const x = (value: number) => left + across(value) * panel.width
  const bottom = panel.top + panel.height
  const grid = [0.001, 0.01, 0.1, 1].flatMap((value) => [
    el('line', { x1: left, x2: left + panel.width, y1: y(value), y2: y(value), stroke: colors.grid }),
    text(left - 6, y(value) + 4, value === floor ? '≤0.1%' : `${value * 100}%`, { anchor: 'end' }),
  ])
  const ticks = ticksOf(low, high, log).map((value) => text(x(value), bottom + 18, short(value), { anchor: 'middle' }))
  const curves = results.map(({ rival, curve }) =>
    el('polyline', {
      points: curve.map((point, at) => `${x(of(point, at)).toFixed(1)},${y(point.regret).toFixed(1)}`).join(' '),
      fill: 'none',
      stroke: looks[rival].color,
      'stroke-width': looks[rival].width ?? 1.75,
      'stroke-dasharray': looks[rival].dash,
      'stroke-linejoin': 'round',
    }),
  )
  const axis = el('line', { x1: left, x2: left + panel.width, y1: bottom, y2: bottom, stroke: colors.axis })
  return group({}, [...grid, axis, ...ticks, text(left + panel.width / 2, bottom + 38, title, { anchor: 'middle' }), ...curves])
}

function y(regret: number): number {
  const share = (Math.log(Math.min(ceiling, Math.max(floor, regret))) - Math.log(floor)) / (Math.log(ceiling) - Math.log(floor))
  return panel.top + panel.height * (1 - share)
}

function ticksOf(low: number, high: number, log: boolean): number[] {
  if (!log) return Array.from({ length: Math.round(high) }, (_, at) => at + 1)
  return [low, Math.sqrt(low * high), high]
}

function short(value: number): string {
  if (value >= 10_000) return `${Math.round(value / 1000)}k`
  return value >= 10 ? String(Math.round(value)) : String(Math.round(value * 10) / 10)
}

function legend(results: readonly RaceResult[]): Markup {
  const columns = 5
  const step = (width - panel.left) / columns
  const top = panel.top + panel.height + 66
  return group(
    {},
    results.flatMap(({ rival }, at) => {
      const [left, line] = [panel.left + (at % columns) * step, top + Math.floor(at / columns) * 24]
      const { color, dash, width: stroke = 1.75 } = looks[rival]
      return [
        el('line', { x1: left, x2: left + 30, y1: line, y2: line, stroke: color, 'stroke-width': stroke, 'stroke-dasharray': dash }),
        text(left + 38, line + 5, labels[rival]),
      ]
    }),
  )
}

/** What the rivals are called. */
export const labels: Readonly<Record<Rival, string>> = {
  prompts: 'PROMPTS',
  'prompts + vizier': 'PROMPTS + Vizier',
  'prompts + optuna': 'PROMPTS + Optuna',
  vizier: 'Vizier',
  optuna: 'Optuna TPE',
  fsdp: 'pure FSDP',
  random: 'random legal',
  roofline: 'roofline only',
  templates: "the paper's templates",
}

function text(x: number, at: number, words: string, look: { size?: number; anchor?: string; weight?: number } = {}): Markup {
  return el(
    'text',
    { x, y: at, 'font-size': look.size ?? font.small, fill: colors.text, 'text-anchor': look.anchor, 'font-weight': look.weight },
    words,
  )
}
