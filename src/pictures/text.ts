import { el, type Markup } from './svg.ts'
import { colors, font } from './theme.ts'

export interface TextOptions {
  size?: number
  fill?: string
  weight?: 400 | 600
  anchor?: 'start' | 'middle' | 'end'
  rotate?: number
  /** A rim in the plate's colour, for text over lines and marks. */
  halo?: boolean
}

/** One line of text with its baseline at (x, y). */
export function text(x: number, y: number, content: string, options: TextOptions = {}): Markup {
  const halo = options.halo
    ? { stroke: colors.plate, 'stroke-width': 4, 'stroke-linejoin': 'round', 'paint-order': 'stroke', 'stroke-opacity': 0.9 }
    : {}
  return el(
    'text',
    {
      x,
      y,
      'font-size': options.size ?? font.text,
      'font-weight': options.weight ?? 400,
      fill: options.fill ?? colors.text,
      'text-anchor': options.anchor ?? 'start',
      ...(options.rotate === undefined ? {} : { transform: `rotate(${options.rotate} ${x} ${y})` }),
      ...halo,
    },
    content,
  )
}

/**
 * Advance widths of the font in thousandths of its size, from its `hmtx` table: the widest of each group, so a bound that is
 * close.
 */
const widths: readonly [RegExp, number][] = [
  [/[ ',.ijl]/, 276],
  [/[!:;|[\]f·(){}t]/, 351],
  [/[r/\\\-I"*]/, 450],
  [/[zs?vyLcxJ]/, 510],
  [/[kgaeFo_hnuTZbdpqSE–]/, 588],
  [/[$+0-9<=>^`~−×±≤≥YPVXCKRA]/, 641],
  [/[BDU&GHNOQ#]/, 713],
  [/[\u00A1-\u024Fw—…M→]/, 820],
]

/** How wide a line of text is at most, in units of the SVG: layout needs a bound, not the font's own figures. */
export function textWidth(content: string, fontSize: number = font.text, weight: 400 | 600 = 400): number {
  let sum = 0
  for (const point of content) sum += widths.find(([kind]) => kind.test(point))?.[1] ?? 1000
  return (sum / 1000) * fontSize * (weight === 600 ? 1.09 : 1)
}

/** The line cut in its middle to fit: op names tell themselves apart at both ends. */
export function fitText(content: string, room: number, fontSize: number = font.text, weight: 400 | 600 = 400): string {
  const points = [...content.slice(0, 300).replaceAll(/\s+/g, ' ').trim(), ...(content.length > 300 ? content.slice(-100) : '')]
  const whole = points.join('')
  if (content.length <= 300 && textWidth(whole, fontSize, weight) <= room) return whole
  const cut = (kept: number) =>
    `${points.slice(0, Math.ceil(kept * 0.6)).join('')}…${points.slice(points.length - Math.floor(kept * 0.4)).join('')}`
  let fits = 0
  for (let least = 1, most = points.length - 1; least <= most; ) {
    const kept = (least + most) >> 1
    if (textWidth(cut(kept), fontSize, weight) <= room) {
      fits = kept
      least = kept + 1
    } else most = kept - 1
  }
  return cut(fits)
}
