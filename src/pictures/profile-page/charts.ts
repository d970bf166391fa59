import type { ProfileReport } from '../../contract/profile-report.ts'
import type { ProfileDetails } from '../../profile/profile-details.ts'
import { formatMs, formatShare } from '../../text/units.ts'
import type { Html } from './html.ts'
import { escapeHtml, tag } from './html.ts'
import { partColors, partNames } from './style.ts'

/** Where a step's time goes, as one bar and its key. */
export function categoryBar(categories: ProfileReport['categories'], stepMs: number | null): Html {
  const parts = categories.filter((part) => part.share > 0)
  const words = (part: ProfileReport['categories'][number]): string =>
    `${partNames[part.name] ?? part.name} ${formatShare(part.share)}${stepMs === null ? '' : `, ${formatMs(part.share * stepMs)}`}`
  return tag(
    'div',
    {},
    tag(
      'div',
      { class: 'bar', role: 'img', 'aria-label': parts.map(words).join('; ') },
      ...parts.map((part) =>
        tag('span', { style: `width:${(part.share * 100).toFixed(2)}%;background:${partColors[part.name]}`, title: words(part) }),
      ),
    ),
    tag(
      'ul',
      { class: 'key' },
      ...parts.map((part) => tag('li', {}, tag('i', { style: `background:${partColors[part.name]}` }), words(part))),
    ),
  )
}

const lane = { width: 960, height: 30 }

/** A device's trace from left to right: how busy it was, and its steps under it. */
export function timeline(line: ProfileDetails['timelines'][number]): Html {
  const width = lane.width / line.duty.length
  const bars = line.duty
    .map((share, index) => {
      const height = Math.max(0, Math.min(1, share)) * 22
      return height < 0.2
        ? ''
        : `<rect x="${(index * width).toFixed(2)}" y="${(22 - height).toFixed(2)}" width="${(width + 0.3).toFixed(2)}" height="${height.toFixed(2)}" fill="#0b5fc4"/>`
    })
    .join('')
  const steps = line.steps
    .map(
      ({ from, to, slow }, index) =>
        `<rect x="${(from * lane.width).toFixed(2)}" y="24" width="${Math.max(0.5, (to - from) * lane.width - 0.6).toFixed(2)}" height="6" fill="${slow ? '#b0182d' : index % 2 === 0 ? '#39705f' : '#62a58e'}"/>`,
    )
    .join('')
  const label = `${line.device}: busy ${formatShare(line.duty.reduce((sum, share) => sum + share, 0) / Math.max(1, line.duty.length))} of the trace, ${line.steps.length} steps marked`
  return tag('div', { class: 'lane' }, tag('b', {}, line.device), {
    html: `<svg viewBox="0 0 ${lane.width} ${lane.height}" preserveAspectRatio="none" width="100%" height="${lane.height}" role="img" aria-label="${escapeHtml(label)}"><rect x="0" y="0" width="${lane.width}" height="22" fill="#8a929d" opacity="0.18"/>${bars}${steps}</svg>`,
  })
}

/** Each step's time as a bar; slow ones in another colour. */
export function stepBars(steps: ProfileDetails['steps']): Html {
  const most = Math.max(...steps.map((step) => step.ms), 1e-9)
  const width = lane.width / steps.length
  const bars = steps
    .map(({ place, ms, partial, slow }) => {
      const height = Math.max(0.5, (ms / most) * 90)
      const color = slow ? '#b0182d' : partial ? '#b9c0ca' : '#0b5fc4'
      return `<rect x="${(place * width).toFixed(2)}" y="${(90 - height).toFixed(2)}" width="${Math.max(0.5, width - 1).toFixed(2)}" height="${height.toFixed(2)}" fill="${color}"><title>step ${place}: ${escapeHtml(formatMs(ms))}${slow ? ', slow' : partial ? ', partial' : ''}</title></rect>`
    })
    .join('')
  const label = `${steps.length} steps, the longest ${formatMs(most)}`
  return {
    html: `<svg viewBox="0 0 ${lane.width} 90" preserveAspectRatio="none" width="100%" height="90" role="img" aria-label="${escapeHtml(label)}">${bars}</svg>`,
  }
}
