import { h } from './dom.mjs'

/** A rich_text block's elements. */
export function richText(block, context) {
  return (block.elements ?? []).map((element) => part(element, context))
}

function part(element, context) {
  const inside = () => (element.elements ?? []).map((one) => leaf(one, context))
  switch (element.type) {
    case 'rich_text_preformatted':
      return preformatted((element.elements ?? []).map((one) => one.text ?? one.url ?? '').join(''))
    case 'rich_text_quote':
      return h('blockquote', {}, ...inside())
    case 'rich_text_list':
      return h(element.style === 'ordered' ? 'ol' : 'ul', {}, ...(element.elements ?? []).map((one) => h('li', {}, part(one, context))))
    default:
      return h('p', { class: 'rich' }, ...inside())
  }
}

function leaf(one, { names, emoji }) {
  const text =
    one.type === 'emoji'
      ? (emoji[one.name] ?? `:${one.name}:`)
      : one.type === 'user'
        ? `@${names.get(one.user_id) ?? one.user_id}`
        : (one.text ?? one.url ?? '')
  let node = document.createTextNode(text)
  if (one.type === 'link' && /^https?:\/\//.test(one.url ?? ''))
    node = h('a', { href: one.url, target: '_blank', rel: 'noreferrer noopener' }, node)
  for (const [style, tag] of [
    ['code', 'code'],
    ['bold', 'strong'],
    ['italic', 'em'],
    ['strike', 's'],
  ]) {
    if (one.style?.[style] === true) node = h(tag, {}, node)
  }
  return node
}

/** Text that copies as it is. */
export function preformatted(text) {
  const copy = h('button', { type: 'button', class: 'copy', 'data-key': 'copy' }, 'Copy')
  copy.addEventListener('click', async () => {
    await navigator.clipboard?.writeText(text).catch(() => {})
    copy.textContent = 'Copied'
    setTimeout(() => {
      copy.textContent = 'Copy'
    }, 1500)
  })
  return h('div', { class: 'snippet' }, h('pre', { tabindex: '0' }, h('code', {}, text)), copy)
}
