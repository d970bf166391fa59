import type { Op, ProfileReport } from '../contract/profile-report.ts'
import { formatShare, significant } from '../text/units.ts'
import { decades, formatDecade, type LogScale, logScale } from './log-axis.ts'
import { peakOwner } from './peak-owner.ts'
import { plate } from './plate.ts'
import { type Spot, spotKey, spotMarks } from './roofline-spots.ts'
import { drawRoofs, type Plot, roofsOf } from './roofs.ts'
import { el, group, type Markup } from './svg.ts'
import { text } from './text.ts'
import { colors, font, type Kind, kinds, size } from './theme.ts'

const plot: Plot = { left: 62, right: 520, top: 94, bottom: size.height - 62 }
const key = { left: 540, right: size.width - 24, top: plot.top }
/** Ops of less than this share of the time do not stretch the axes; they are drawn at the edge. */
const tellingShare = 0.001
/** Circles closer than this can not be told apart and are drawn as one. */
const mergedWithin = 9

type Roofline = ProfileReport['roofline']

/**
 * The on-device roofline: achieved TFLOP/s of each op over its FLOP a byte of HBM traffic, both logarithmic, under the chip's two
 * roofs.
 */
export function rooflineSvg(report: ProfileReport): string {
  const points = plottable(report.roofline)
  const { peak_tflops: peak, ridge_flop_per_byte: ridge } = report.roofline
  const telling = points.filter((point) => point.share >= tellingShare)
  const framing = telling.length > 0 ? telling : points
  const xs = framing.map((point) => point.flop_per_byte)
  const ys = framing.map((point) => point.tflops)
  const x = logScale(isPositive(ridge) ? [...xs, ridge / 5, ridge * 5] : xs, [plot.left, plot.right], { below: 3, above: 3 })
  const y = logScale(isPositive(peak) ? [...ys, peak, peak / 20] : ys, [plot.bottom, plot.top], { below: 3, above: 2.6 })
  const spots = toSpots(points, report, x, y)
  const roofs = roofsOf(x, y, report.roofline, plot)
  const owner = peakOwner(report)
  const count = `${points.length} op${points.length === 1 ? '' : 's'}`
  return plate({
    title: `Roofline, ${report.device.type}${owner === null ? '' : `: peaks of ${owner}`}`,
    subtitle:
      points.length === 0
        ? 'No op has both its FLOPs and its HBM bytes counted'
        : `${count} with FLOPs and HBM bytes; a circle's area is its share of the device's time`,
    alt: rooflineAlt(report),
    content: [
      regions(x, ridge),
      grid(x, y),
      ...(roofs === null ? [] : [drawRoofs(roofs, report.roofline, spots, plot)]),
      spotMarks(spots, plot),
      spots.length === 0
        ? text((plot.left + plot.right) / 2, (plot.top + plot.bottom) / 2, 'nothing to draw', { anchor: 'middle', fill: colors.muted })
        : spotKey(spots, key),
    ],
  })
}

/** What the picture says, in words: the roofs, and the ops with the greatest share of the time. */
export function rooflineAlt(report: ProfileReport): string {
  const { peak_tflops: peak, peak_hbm_gbps: bandwidth, ridge_flop_per_byte: ridge } = report.roofline
  const points = plottable(report.roofline)
  const roofs = [
    isPositive(peak) ? `peak ${significant(peak)} TFLOP/s` : null,
    isPositive(bandwidth) ? `HBM ${significant(bandwidth)} GB/s` : null,
    isPositive(ridge) ? `ridge at ${significant(ridge)} FLOP per byte` : null,
  ].filter((part) => part !== null)
  const owner = peakOwner(report)
  const of = owner === null ? '' : ` (${owner})`
  const head = `Roofline of ${report.device.type.slice(0, 60)}${of}${roofs.length > 0 ? `: ${roofs.join(', ')}` : ''}.`
  if (points.length === 0) return `${head} No op has both its FLOPs and its HBM bytes counted.`
  const ops = points.slice(0, 5).map((point) => {
    const side = isPositive(ridge) ? (point.flop_per_byte < ridge ? ', under the HBM roof' : ', under the compute roof') : ''
    return `${point.name.slice(0, 80)} ${formatShare(point.share)} of the time at ${significant(point.tflops)} TFLOP/s and ${significant(point.flop_per_byte)} FLOP per byte${side}`
  })
  return `${head} ${ops.join('; ')}.`
}

/** Points that a logarithmic plot can hold, the greatest share first. */
function plottable({ points }: Roofline): Roofline['points'] {
  return points.filter((point) => isPositive(point.flop_per_byte) && isPositive(point.tflops)).sort((a, b) => b.share - a.share)
}

function isPositive(value: number | null): value is number {
  return value !== null && Number.isFinite(value) && value > 0
}

function toSpots(points: Roofline['points'], report: ProfileReport, x: LogScale, y: LogScale): Spot[] {
  const bounds = new Map<string, Op['bound_by']>(report.top_ops.map((op) => [op.name, op.bound_by]))
  const ridge = report.roofline.ridge_flop_per_byte
  const spots: Spot[] = []
  for (const point of points) {
    const at = { x: x(point.flop_per_byte), y: y(point.tflops) }
    const kind = kindOf(bounds.get(point.name), point.flop_per_byte, ridge)
    const near = spots.find((spot) => spot.kind === kind && Math.hypot(spot.x - at.x, spot.y - at.y) < mergedWithin)
    if (near) {
      near.share += point.share
      near.ops += 1
    } else spots.push({ name: point.name, kind, ...at, share: point.share, ops: 1, radius: 0 })
  }
  for (const spot of spots) spot.radius = Math.min(26, Math.max(3.5, Math.sqrt(Math.max(0, spot.share)) * 40))
  return spots.sort((a, b) => b.share - a.share)
}

function kindOf(bound: Op['bound_by'] | undefined, intensity: number, ridge: number | null): Kind {
  if (bound !== undefined && bound !== 'unknown') return bound
  if (!isPositive(ridge)) return 'other'
  return intensity < ridge ? 'hbm' : 'compute'
}

function regions(x: LogScale, ridge: number | null): Markup {
  if (!isPositive(ridge)) return group({}, [])
  const split = x(ridge)
  const rect = (from: number, to: number, fill: string) =>
    el('rect', { x: from, y: plot.top, width: to - from, height: plot.bottom - plot.top, fill })
  return group({ class: 'regions' }, [
    rect(plot.left, split, colors.hbmRegion),
    rect(split, plot.right, colors.computeRegion),
    text(plot.left, plot.top - 8, 'HBM-bound', { size: font.small, fill: kinds.hbm.color, weight: 600 }),
    text(plot.right, plot.top - 8, 'compute-bound', { size: font.small, fill: kinds.compute.color, weight: 600, anchor: 'end' }),
  ])
}

function grid(x: LogScale, y: LogScale): Markup {
  const line = (x1: number, y1: number, x2: number, y2: number) => el('line', { x1, y1, x2, y2, stroke: colors.grid, 'stroke-width': 1 })
  const drawn: Markup[] = []
  for (const tick of decades(x, 7)) {
    drawn.push(line(x(tick), plot.top, x(tick), plot.bottom))
    drawn.push(text(x(tick), plot.bottom + 19, formatDecade(tick), { size: font.small, fill: colors.muted, anchor: 'middle' }))
  }
  for (const tick of decades(y, 6)) {
    drawn.push(line(plot.left, y(tick), plot.right, y(tick)))
    drawn.push(text(plot.left - 8, y(tick) + 5, formatDecade(tick), { size: font.small, fill: colors.muted, anchor: 'end' }))
  }
  const middle = (plot.top + plot.bottom) / 2
  drawn.push(text((plot.left + plot.right) / 2, plot.bottom + 42, 'FLOP per byte of HBM traffic', { size: font.small, anchor: 'middle' }))
  drawn.push(text(18, middle, 'TFLOP/s', { size: font.small, anchor: 'middle', rotate: -90 }))
  const { left, right, top, bottom } = plot
  drawn.push(el('rect', { x: left, y: top, width: right - left, height: bottom - top, fill: 'none', stroke: colors.axis }))
  return group({ class: 'grid' }, drawn)
}
