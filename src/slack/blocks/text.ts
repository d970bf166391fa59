const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/** At most `max` UTF-16 units, cut between code points, `…` where something was left out. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text
  let out = ''
  for (const point of text) {
    if (out.length + point.length > max - 1) break
    out += point
  }
  return `${out.trimEnd()}…`
}

/**
 * Someone else's words as Slack markup that says just that: no mention, link or channel can come of them, and no fence ends
 * early. At most `max` units once escaped, never cut inside an escape.
 */
export function escapeText(text: string, max: number): string {
  let out = ''
  let fitting = ''
  for (const point of text) {
    out += escapes[point] ?? point
    if (out.length > max) return `${fitting.trimEnd()}…`
    if (out.length < max) fitting = out
  }
  return out
}

/** Words inside `code`: backticks would end it. */
export function escapeCode(text: string, max: number): string {
  return escapeText(text.replaceAll('`', "'").replaceAll(/\s+/g, ' '), max)
}

/** `<uri|title>` for a web address, the title alone for anything else. */
export function link(uri: string, title: string, max: number): string {
  const plain = escapeText(title.replaceAll(/[|\n]/g, ' '), Math.min(max, 200))
  if (!/^https?:\/\/[^\s<>|"]+$/.test(uri)) return plain
  const linked = `<${uri.replaceAll('&', '&amp;')}|${plain}>`
  return linked.length <= max ? linked : plain
}

/** Markup to words, for notifications and screen readers. Escapes stay: Slack reads them there too. */
export function plain(markup: string): string {
  return markup.replaceAll(/<(?:https?:[^|>]*)\|([^>]*)>/g, '$1').replaceAll(/[*`]/g, '')
}
