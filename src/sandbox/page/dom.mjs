/**
 * Makes an element. Strings among the children become text nodes: nothing that Slack says is ever read as HTML.
 * @param {string} tag
 * @param {Record<string, unknown>} [props] `class`, `on…` listeners, `data-…` and other attributes; null and false are left out
 * @param {...(Node | string | null)} children
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag)
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue
    if (key.startsWith('on') && typeof value === 'function') element.addEventListener(key.slice(2), value)
    else element.setAttribute(key, value === true ? '' : String(value))
  }
  element.append(...children.filter((child) => child !== null))
  return element
}

/** The focused element's key (`data-key`) inside a container, to be focused again after it was drawn anew. */
export function keepFocus(container, draw) {
  const active = document.activeElement
  const inside = active instanceof HTMLElement && container.contains(active)
  const key = inside ? active.dataset.key : undefined
  draw()
  if (!inside || container.contains(document.activeElement)) return
  const again = key === undefined ? null : container.querySelector(`[data-key="${CSS.escape(key)}"]`)
  const target = again ?? container.querySelector('button') ?? container
  if (target instanceof HTMLElement) target.focus({ preventScroll: true })
}

/** `09:41` of a message's ts. */
export function timeOf(ts) {
  return new Date(Number(ts) * 1000).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
}
