/** A piece of HTML that is safe to put into another. */
export interface Html {
  readonly html: string
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

export function escapeHtml(text: string): string {
  return text.toWellFormed().replaceAll(/[&<>"']/g, (found) => escapes[found] ?? found)
}

/** One element; strings among the children are text and escaped. */
export function tag(name: string, attributes: Record<string, string>, ...children: (Html | string)[]): Html {
  const written = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${escapeHtml(value)}"`)
    .join('')
  return {
    html: `<${name}${written}>${children.map((child) => (typeof child === 'string' ? escapeHtml(child) : child.html)).join('')}</${name}>`,
  }
}

/** A table that scrolls sideways on a narrow page; columns whose name ends in a space hold figures and stand to the right. */
export function table(columns: readonly string[], rows: readonly (readonly (Html | string)[])[]): Html {
  const side = (index: number): Record<string, string> => (columns[index]?.endsWith(' ') ? { class: 'figure' } : {})
  return tag(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': columns[0]?.trim() ?? 'table' },
    tag(
      'table',
      {},
      tag('thead', {}, tag('tr', {}, ...columns.map((name, index) => tag('th', { scope: 'col', ...side(index) }, name.trim())))),
      tag('tbody', {}, ...rows.map((row) => tag('tr', {}, ...row.map((cell, index) => tag('td', side(index), cell))))),
    ),
  )
}

export function section(title: string, ...children: Html[]): Html {
  return tag('section', {}, tag('h2', {}, title), ...children)
}
