import { el, group, type Markup } from './svg.ts'
import { fitText, text } from './text.ts'
import { colors, font, size } from './theme.ts'

/**
 * A whole picture: the plate, its title and a line under it, and what is drawn. The alternative text is its title for readers of
 * the SVG.
 */
export function plate(input: { title: string; subtitle: string; alt: string; content: readonly Markup[] }): string {
  const room = size.width - 48
  return el(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${size.width} ${size.height}`,
      width: size.width,
      height: size.height,
      role: 'img',
      'font-family': font.family,
    },
    el('title', {}, input.alt),
    el('rect', {
      x: 0.5,
      y: 0.5,
      width: size.width - 1,
      height: size.height - 1,
      rx: 10,
      fill: colors.plate,
      stroke: colors.plateEdge,
      class: 'plate',
    }),
    text(24, 34, fitText(input.title, room, font.title, 600), { size: font.title, weight: 600 }),
    text(24, 57, fitText(input.subtitle, room, font.small), { size: font.small, fill: colors.muted }),
    group({}, input.content),
  ).svg
}

/** Coloured squares with words, from `right` leftwards or from `left` rightwards. */
export function legend(entries: readonly { color: string; label: string; width: number }[], at: { x: number; y: number }): Markup {
  let x = at.x
  const drawn: Markup[] = []
  for (const { color, label, width } of entries) {
    drawn.push(el('rect', { x, y: at.y - 10, width: 12, height: 12, rx: 2, fill: color }))
    drawn.push(text(x + 18, at.y, label, { size: font.small }))
    x += width
  }
  return group({ class: 'legend' }, drawn)
}
