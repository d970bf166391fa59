import { formatShare } from '../text/units.ts'
import { placeLabels } from './place-labels.ts'
import type { Plot } from './roofs.ts'
import { el, group, type Markup } from './svg.ts'
import { fitText, text, textWidth } from './text.ts'
import { colors, font, type Kind, kinds } from './theme.ts'

/** One circle: an op, or several that lie too close together to be told apart, named after the longest of them. */
export interface Spot {
  name: string
  kind: Kind
  x: number
  y: number
  share: number
  ops: number
  radius: number
}

/** How many circles get a number and a line in the key. */
const listed = 7

const boundWords: Readonly<Record<Kind, string>> = {
  compute: 'compute',
  hbm: 'HBM',
  vmem: 'VMEM',
  communication: 'communication',
  host: 'host',
  other: 'unknown',
}

/** The circles, the greatest first so that small ones lie on top, and the numbers that the key explains. */
export function spotMarks(spots: readonly Spot[], plot: Plot): Markup {
  const circles = spots.map((spot) => {
    const { color } = kinds[spot.kind]
    return el('circle', { cx: spot.x, cy: spot.y, r: spot.radius, fill: color, 'fill-opacity': 0.5, stroke: color, 'stroke-width': 1.4 })
  })
  const wanted = spots.slice(0, listed).map((spot, at) => ({ ...spot, width: textWidth(String(at + 1), font.small, 600) + 3, height: 15 }))
  const bounds = { x: plot.left + 1, y: plot.top + 1, width: plot.right - plot.left - 2, height: plot.bottom - plot.top - 2 }
  const numbers = placeLabels(wanted, bounds).flatMap((box, at) =>
    box === null
      ? []
      : [text(box.x + box.width / 2, box.y + 12.5, String(at + 1), { size: font.small, weight: 600, anchor: 'middle', halo: true })],
  )
  return group({}, [group({ class: 'points' }, circles), group({ class: 'numbers' }, numbers)])
}

/** Who the numbered circles are: name, share of the time, what bounds them. Colour repeats what the words say. */
export function spotKey(spots: readonly Spot[], area: { left: number; right: number; top: number }): Markup {
  const drawn: Markup[] = []
  for (const [at, spot] of spots.slice(0, listed).entries()) {
    const y = area.top + 10 + at * 42
    const { color } = kinds[spot.kind]
    drawn.push(el('circle', { cx: area.left + 9, cy: y + 1, r: 9.5, fill: color }))
    drawn.push(text(area.left + 9, y + 5.5, String(at + 1), { size: 12.5, weight: 600, anchor: 'middle', fill: colors.plate }))
    const several = spot.ops > 1 ? ` · ${spot.ops} ops` : ''
    const name = fitText(spot.name, area.right - area.left - 26, font.small, 600)
    drawn.push(text(area.left + 26, y + 1, name, { size: font.small, weight: 600 }))
    const facts = `${formatShare(spot.share)}${several} · ${boundWords[spot.kind]}`
    drawn.push(
      text(area.left + 26, y + 18, fitText(facts, area.right - area.left - 26, font.small), { size: font.small, fill: colors.muted }),
    )
  }
  return group({ class: 'key' }, drawn)
}
