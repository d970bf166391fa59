import type { ProfileReport } from '../contract/profile-report.ts'
import { significant } from '../text/units.ts'
import type { LogScale } from './log-axis.ts'
import { type Box, overlap } from './place-labels.ts'
import { el, group, type Markup } from './svg.ts'
import { text, textWidth } from './text.ts'
import { colors, font } from './theme.ts'

export interface Plot {
  left: number
  right: number
  top: number
  bottom: number
}

interface At {
  x: number
  y: number
}

/** Where the two roofs run: from the plot's edge up to the ridge, then level. */
export interface Roofs {
  start: At
  corner: At
}

type Roofline = ProfileReport['roofline']

/** Null where the chip's peaks are not known. Below the ridge TFLOP/s = FLOP/byte × peak ÷ ridge. */
export function roofsOf(x: LogScale, y: LogScale, { peak_tflops: peak, ridge_flop_per_byte: ridge }: Roofline, plot: Plot): Roofs | null {
  if (peak === null || ridge === null || !(peak > 0) || !(ridge > 0)) return null
  const lowest = y.invert(plot.bottom)
  const leftmost = x.invert(plot.left)
  const from = Math.min(ridge, Math.max(leftmost, (lowest * ridge) / peak))
  return { start: { x: x(from), y: y((from * peak) / ridge) }, corner: { x: x(ridge), y: y(peak) } }
}

/** The roofs with their names, each where no circle lies; a name that finds no such place is left out. */
export function drawRoofs(
  roofs: Roofs,
  roofline: Roofline,
  circles: readonly { x: number; y: number; radius: number }[],
  plot: Plot,
): Markup {
  const { start, corner } = roofs
  const taken = circles.map(({ x, y, radius }) => ({ x: x - radius, y: y - radius, width: 2 * radius, height: 2 * radius }))
  const free = (boxes: readonly Box[]) => !boxes.some((box) => taken.some((circle) => overlap(box, circle)))
  const path = `M${tidy(start)}L${tidy(corner)}L${plot.right} ${corner.y.toFixed(1)}`
  return group({ class: 'roofs' }, [
    el('line', { x1: corner.x, y1: corner.y, x2: corner.x, y2: plot.bottom, stroke: colors.axis, 'stroke-dasharray': '4 4' }),
    el('path', { d: path, fill: 'none', stroke: colors.roof, 'stroke-width': 2.2, 'stroke-linejoin': 'round', class: 'roof' }),
    ...peakName(roofs, roofline, free, plot),
    ...slopeName(roofs, roofline, free),
    ...ridgeName(roofs, roofline, free, plot),
  ])
}

function tidy({ x, y }: At): string {
  return `${x.toFixed(1)} ${y.toFixed(1)}`
}

const bold = { size: font.small, anchor: 'middle', weight: 600, halo: true } as const

function peakName({ corner }: Roofs, roofline: Roofline, free: (boxes: Box[]) => boolean, plot: Plot): Markup[] {
  const name = `peak ${significant(roofline.peak_tflops ?? 0)} TFLOP/s`
  const width = textWidth(name, font.small, 600)
  const room = plot.right - 12 - width - corner.x
  const lefts = [corner.x + 6 + room, corner.x + 6, corner.x + 6 + room / 2, corner.x - width - 8]
  for (const wanted of lefts) {
    const left = Math.max(plot.left + 6, Math.min(plot.right - 6 - width, wanted))
    if (free([{ x: left, y: corner.y - 22, width, height: 16 }])) return [text(left + width / 2, corner.y - 8, name, bold)]
  }
  return []
}

function slopeName({ start, corner }: Roofs, roofline: Roofline, free: (boxes: Box[]) => boolean): Markup[] {
  const bandwidth = roofline.peak_hbm_gbps
  const name = bandwidth === null ? 'HBM' : `HBM ${significant(bandwidth)} GB/s`
  const length = Math.hypot(corner.x - start.x, corner.y - start.y)
  if (length < 1) return []
  const half = (textWidth(name, font.small, 600) + 12) / 2 / length
  const angle = Math.atan2(corner.y - start.y, corner.x - start.x)
  const along = (part: number) => ({ x: start.x + (corner.x - start.x) * part, y: start.y + (corner.y - start.y) * part })
  for (const part of [0.5, 0.35, 0.65, 0.2, 0.8]) {
    if (part - half < 0 || part + half > 1) continue
    const boxes = [-1, -0.5, 0, 0.5, 1].map((side) => {
      const at = along(part + half * side)
      return { x: at.x + 13 * Math.sin(angle) - 9, y: at.y - 13 * Math.cos(angle) - 9, width: 18, height: 18 }
    })
    if (!free(boxes)) continue
    const { x, y } = along(part)
    return [text(x + 9 * Math.sin(angle), y - 9 * Math.cos(angle), name, { ...bold, rotate: (angle * 180) / Math.PI })]
  }
  return []
}

function ridgeName({ corner }: Roofs, roofline: Roofline, free: (boxes: Box[]) => boolean, plot: Plot): Markup[] {
  const name = `ridge ${significant(roofline.ridge_flop_per_byte ?? 0)}`
  const width = textWidth(name, font.small)
  const left = corner.x + 6 + width < plot.right ? corner.x + 6 : corner.x - 6 - width
  for (const up of [10, 34, 60, 86]) {
    if (!free([{ x: left, y: plot.bottom - up - 13, width, height: 16 }])) continue
    return [text(left, plot.bottom - up, name, { size: font.small, fill: colors.muted, halo: true })]
  }
  return []
}
