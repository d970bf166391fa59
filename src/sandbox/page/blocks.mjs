import { chart } from './chart.mjs'
import { h } from './dom.mjs'
import { mrkdwn, withEmoji } from './mrkdwn.mjs'
import { richText } from './rich-text.mjs'

const foldAbove = 700
const statusSigns = { pending: '○', in_progress: '◐', complete: '✓', error: '✕' }
const statusWords = { pending: 'waiting', in_progress: 'under way', complete: 'done', error: 'failed' }

/**
 * Slack's blocks as DOM nodes.
 * @param {any[]} blocks
 * @param {{ names: Map<string, string>, emoji: Record<string, string>, act: (element: any, blockId: string) => void }} context
 */
export function drawBlocks(blocks, context) {
  return blocks.map((block, at) => drawBlock(block, block.block_id ?? `b${at}`, context))
}

function drawBlock(block, blockId, context) {
  switch (block.type) {
    case 'section':
      return section(block, blockId, context)
    case 'header':
      return h('h3', { class: 'block-header' }, plain(block.text, context))
    case 'divider':
      return h('hr')
    case 'context':
      return h('div', { class: 'context' }, ...(block.elements ?? []).map((element) => contextElement(element, context)))
    case 'actions':
      return h('div', { class: 'actions', role: 'group' }, ...(block.elements ?? []).map((element) => button(element, blockId, context)))
    case 'context_actions':
      return h(
        'div',
        { class: 'actions small', role: 'group' },
        ...(block.elements ?? []).flatMap((element) => feedback(element, blockId, context)),
      )
    case 'plan':
      return plan(block, context)
    case 'task_card':
      return h('ol', { class: 'tasks' }, task(block, context))
    case 'table':
    case 'data_table':
      return table(block, context)
    case 'data_visualization':
      return chart(block)
    case 'image':
      return image(block, context)
    case 'markdown':
      return h('div', { class: 'text' }, ...mrkdwn(fromMarkdown(block.text ?? ''), context))
    case 'rich_text':
      return h('div', { class: 'text' }, ...richText(block, context))
    default:
      return h('p', { class: 'context' }, `(a ${String(block.type)} block, which this page does not draw)`)
  }
}

function section(block, blockId, context) {
  const parts = []
  if (block.text) parts.push(textObject(block.text, context, block.expand !== true))
  if (Array.isArray(block.fields))
    parts.push(h('div', { class: 'fields' }, ...block.fields.map((field) => h('div', {}, ...markup(field, context)))))
  const accessory =
    block.accessory === undefined ? null : block.accessory.type === 'button' ? button(block.accessory, blockId, context) : null
  return h('div', { class: 'section' }, h('div', { class: 'grow' }, ...parts), accessory)
}

/** A text object; a long one folds, as Slack's sections do. */
function textObject(text, context, folds) {
  const body = h('div', { class: 'text' }, ...markup(text, context))
  if (!folds || (text.text ?? '').length <= foldAbove) return body
  body.classList.add('folded')
  const more = h('button', { type: 'button', class: 'link', 'data-key': 'more', 'aria-expanded': 'false' }, 'See more')
  more.addEventListener('click', () => {
    const open = body.classList.toggle('folded') === false
    more.setAttribute('aria-expanded', String(open))
    more.textContent = open ? 'See less' : 'See more'
  })
  return h('div', {}, body, more)
}

function markup(text, context) {
  return text.type === 'plain_text' ? [document.createTextNode(plain(text, context))] : mrkdwn(text.text ?? '', context)
}

function plain(text, { emoji }) {
  return withEmoji(text?.text ?? '', emoji)
}

function contextElement(element, context) {
  if (element.type === 'image') return image(element, context)
  return h('div', {}, ...markup(element, context))
}

function button(element, blockId, context) {
  if (element.type !== 'button') return h('span', { class: 'context' }, `(${String(element.type)})`)
  const label = plain(element.text, context)
  if (typeof element.url === 'string' && /^https?:\/\//.test(element.url)) {
    return h('a', { class: `button ${element.style ?? ''}`, href: element.url, target: '_blank', rel: 'noreferrer noopener' }, label)
  }
  return h(
    'button',
    {
      type: 'button',
      class: `button ${element.style ?? ''}`,
      'data-key': `action-${element.action_id}`,
      'aria-label': element.accessibility_label ?? null,
      onclick: () => context.act(element, blockId),
    },
    label,
  )
}

function feedback(element, blockId, context) {
  if (element.type !== 'feedback_buttons') return []
  return [
    [element.positive_button, '👍'],
    [element.negative_button, '👎'],
  ].map(([choice, sign]) => {
    const pressed = h(
      'button',
      { type: 'button', class: 'button quiet', 'data-key': `feedback-${sign}`, 'aria-pressed': 'false' },
      `${sign} ${plain(choice.text, context)}`,
    )
    pressed.addEventListener('click', () => {
      pressed.setAttribute('aria-pressed', 'true')
      context.act({ type: 'feedback_buttons', action_id: element.action_id, value: choice.value }, blockId)
    })
    return pressed
  })
}

function plan(block, context) {
  const tasks = block.tasks ?? []
  const done = tasks.filter((one) => one.status === 'complete').length
  return h(
    'div',
    { class: 'plan' },
    h(
      'p',
      { class: 'plan-title' },
      h('strong', {}, withEmoji(block.title ?? '', context.emoji)),
      h('span', { class: 'count' }, ` ${done} of ${tasks.length}`),
    ),
    h('ol', { class: 'tasks' }, ...tasks.map((one) => task(one, context))),
  )
}

function task(one, context) {
  const status = statusSigns[one.status] === undefined ? 'pending' : one.status
  const details = one.details?.type === 'rich_text' ? richText(one.details, context) : typeof one.details === 'string' ? [one.details] : []
  return h(
    'li',
    { class: `task ${status}` },
    h('span', { class: 'sign', 'aria-hidden': 'true' }, statusSigns[status]),
    h('span', {}, withEmoji(one.title ?? '', context.emoji), h('span', { class: 'sr-only' }, ` (${statusWords[status]})`)),
    details.length > 0 ? h('div', { class: 'details' }, ...details) : null,
  )
}

function table(block, context) {
  const settings = block.column_settings ?? []
  const cell = (content, column, tag) =>
    h(
      tag,
      { class: settings[column]?.align === 'right' || content.type === 'raw_number' ? 'right' : null, scope: tag === 'th' ? 'col' : null },
      ...(content.type === 'rich_text' ? richText(content, context) : [content.text ?? '']),
    )
  const [head = [], ...rows] = block.rows ?? []
  return h(
    'div',
    { class: 'table', tabindex: '0', role: 'region', 'aria-label': block.caption ?? 'Table' },
    h(
      'table',
      {},
      h('thead', {}, h('tr', {}, ...head.map((one, column) => cell(one, column, 'th')))),
      h('tbody', {}, ...rows.map((row) => h('tr', {}, ...row.map((one, column) => cell(one, column, 'td'))))),
    ),
  )
}

/** Pictures that the bot uploaded; those from elsewhere are named, not fetched. */
function image(block, context) {
  const id = block.slack_file?.id
  const title = block.title === undefined ? null : h('figcaption', {}, plain(block.title, context))
  if (typeof id !== 'string' || !/^F[A-Z0-9]+$/.test(id)) return h('p', { class: 'context' }, `(picture: ${block.alt_text ?? ''})`)
  return h(
    'figure',
    {},
    title,
    h(
      'a',
      { href: `/files/${id}`, target: '_blank', 'aria-label': `Open the picture: ${block.alt_text ?? ''}` },
      h('img', { src: `/files/${id}`, alt: block.alt_text ?? '', width: '760', height: '456' }),
    ),
  )
}

/** The little of Markdown that differs from mrkdwn. */
function fromMarkdown(text) {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/\*\*([^*\n]+)\*\*/g, '*$1*')
    .replaceAll(/^#{1,6} (.+)$/gm, '*$1*')
    .replaceAll(/\[([^\]\n]+)\]\((https?:\/\/[^)\s]+)\)/g, '<$2|$1>')
}
