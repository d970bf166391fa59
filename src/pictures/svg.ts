/** A piece of SVG markup that is safe to put into another. */
export interface Markup {
  readonly svg: string
}

type Attribute = string | number | undefined

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** One element. Strings among the children are text and escaped; numbers among the attributes are rounded to a hundredth. */
export function el(name: string, attributes: Record<string, Attribute>, ...children: (Markup | string)[]): Markup {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? tidy(value) : escapeXml(String(value))}"`)
    .join('')
  const inner = children.map((child) => (typeof child === 'string' ? escapeXml(child) : child.svg)).join('')
  return { svg: inner === '' ? `<${name}${written}/>` : `<${name}${written}>${inner}</${name}>` }
}

export function group(attributes: Record<string, Attribute>, children: readonly Markup[]): Markup {
  return el('g', attributes, ...children)
}

/** What XML cannot hold (control characters, lone surrogates) is left out, the rest escaped. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u0020-\uFFFD\u{10000}-\u{10FFFF}]/gu, '')
    .replaceAll(/[&<>"']/g, (found) => escapes[found] ?? found)
}

function tidy(value: number): string {
  return String(Math.round(value * 100) / 100)
}
