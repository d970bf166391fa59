import { h } from './dom.mjs'

/**
 * Slack's mrkdwn as DOM nodes.
 * @param {string} source as Slack stores it: `&`, `<` and `>` escaped
 * @param {{ names: Map<string, string>, emoji: Record<string, string>, openAt: (channel: string, ts: string) => void }} context
 * @returns {Node[]}
 */
export function mrkdwn(source, context) {
  const nodes = []
  const fence = /```\n?([\s\S]*?)\n?```/g
  let at = 0
  for (const match of source.matchAll(fence)) {
    nodes.push(...paragraphs(source.slice(at, match.index), context))
    nodes.push(h('pre', { tabindex: '0' }, h('code', {}, toPlain(match[1]))))
    at = match.index + match[0].length
  }
  return [...nodes, ...paragraphs(source.slice(at), context)]
}

/** Emoji by their short names; what is not known stays as it was written. */
export function withEmoji(text, emoji) {
  return text.replaceAll(/:([a-z0-9_+'-]+)(?:::skin-tone-\d)?:/g, (all, name) => emoji[name] ?? all)
}

function toPlain(text) {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}

function paragraphs(text, context) {
  const nodes = []
  let quoted = []
  const endQuote = () => {
    if (quoted.length > 0) nodes.push(h('blockquote', {}, ...inlineLines(quoted, context)))
    quoted = []
  }
  const lines = text.split('\n')
  let plain = []
  const endPlain = () => {
    if (plain.length > 0) nodes.push(...inlineLines(plain, context))
    plain = []
  }
  for (const line of lines) {
    const quote = /^(?:&gt;|>) ?(.*)$/.exec(line)
    if (quote !== null) {
      endPlain()
      quoted.push(quote[1])
    } else {
      endQuote()
      plain.push(line)
    }
  }
  endQuote()
  endPlain()
  return nodes
}

function inlineLines(lines, context) {
  return lines.flatMap((line, at) => (at === 0 ? inline(line, context) : [h('br'), ...inline(line, context)]))
}

const styles = [
  ['`', 'code'],
  ['*', 'strong'],
  ['_', 'em'],
  ['~', 's'],
]

function inline(text, context) {
  const code = /`([^`\n]+)`/.exec(text)
  if (code !== null) {
    return [
      ...inline(text.slice(0, code.index), context),
      h('code', {}, toPlain(code[1])),
      ...inline(text.slice(code.index + code[0].length), context),
    ]
  }
  for (const [mark, tag] of styles.slice(1)) {
    const m = `\\${mark}`
    const found = new RegExp(`(^|[\\s(\\[{:,."'—–-])${m}(?=\\S)([^\\n]*?\\S)${m}(?=$|[\\s)\\]},.:;!?"'—–-])`).exec(text)
    if (found === null) continue
    const start = found.index + found[1].length
    const end = found.index + found[0].length
    return [...inline(text.slice(0, start), context), h(tag, {}, ...inline(found[2], context)), ...inline(text.slice(end), context)]
  }
  const angle = /<([^<>\n]+)>/.exec(text)
  if (angle !== null) {
    return [
      ...inline(text.slice(0, angle.index), context),
      reference(angle[1], context),
      ...inline(text.slice(angle.index + angle[0].length), context),
    ]
  }
  return text === '' ? [] : [document.createTextNode(withEmoji(toPlain(text), context.emoji))]
}

/** `<…>`: a mention, a channel, a link. Only web addresses become links. */
function reference(body, { names, emoji, openAt }) {
  const [target = '', label] = body.split('|')
  if (target.startsWith('@')) return h('span', { class: 'mention' }, `@${names.get(target.slice(1)) ?? label ?? target.slice(1)}`)
  if (target.startsWith('#')) return h('span', { class: 'mention' }, `#${label ?? names.get(target.slice(1)) ?? target.slice(1)}`)
  const date = /^!date\^(\d{1,12})\^/.exec(target)
  if (date !== null)
    return h('time', {}, new Date(Number(date[1]) * 1000).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' }))
  if (target.startsWith('!')) return h('span', { class: 'mention' }, `@${(label ?? target.slice(1)).replace(/^@/, '')}`)
  const address = toPlain(target)
  if (!/^https?:\/\//.test(address)) return document.createTextNode(toPlain(`<${body}>`))
  const thread = /^https:\/\/app\.slack\.com\/client\/\w+\/(\w+)\/thread\/\w+-(\d+\.\d+)$/.exec(address)
  if (thread !== null) {
    // a link to a thread of this workspace opens it here
    return h(
      'button',
      { type: 'button', class: 'link', onclick: () => openAt(thread[1], thread[2]) },
      withEmoji(toPlain(label ?? 'the thread'), emoji),
    )
  }
  return h('a', { href: address, target: '_blank', rel: 'noreferrer noopener' }, withEmoji(toPlain(label ?? target), emoji))
}
