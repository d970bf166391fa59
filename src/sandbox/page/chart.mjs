import { h } from './dom.mjs'

const colors = ['#4c78a8', '#b279a2', '#e0a03c', '#54a24b', '#9d9d9d', '#d1615d']

/**
 * A bar chart of Slack's (`data_visualization`) as a table of bars: each value is there as text too.
 * @param {{ title?: string, chart?: any }} block
 */
export function chart({ title, chart: drawn }) {
  const series = drawn?.series ?? []
  const categories = drawn?.axis_config?.categories ?? []
  const most = Math.max(0, ...series.flatMap((one) => one.data.map((point) => point.value)))
  const bar = (value, at) => {
    const filled = h('span', { class: 'bar', 'aria-hidden': 'true' })
    filled.style.width = `${most > 0 ? Math.max(0, (value / most) * 100) : 0}%`
    filled.style.background = colors[at % colors.length]
    return h('div', { class: 'bar-line' }, filled, h('span', { class: 'bar-value' }, String(value)))
  }
  const key = series.map((one, at) => {
    const spot = h('span', { class: 'bar-key', 'aria-hidden': 'true' })
    spot.style.background = colors[at % colors.length]
    return h('span', { class: 'bar-name' }, spot, one.name)
  })
  const rows = categories.map((label, category) =>
    h('tr', {}, h('th', { scope: 'row' }, label), h('td', {}, ...series.map((one, at) => bar(one.data[category]?.value ?? 0, at)))),
  )
  return h(
    'figure',
    { class: 'chart' },
    h('figcaption', {}, title ?? ''),
    h('div', { class: 'bar-keys' }, ...key),
    h('table', {}, h('tbody', {}, ...rows)),
    h('p', { class: 'context' }, drawn?.axis_config?.y_label ?? ''),
  )
}
