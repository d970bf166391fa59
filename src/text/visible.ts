/**
 * Control characters (C0, DEL, C1), line separators and what turns the direction of writing; a newline and a tab are left alone.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const acting = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g
const breaking = /[\n\t]/g

/** Text for a terminal: characters that act on it are written as JSON does (`\u001b`), so JSON stays the same JSON. */
export function visible(text: string): string {
  return text.replace(acting, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** The same for what must stay one line: a newline in a name cannot begin a line of its own. */
export function visibleLine(text: string): string {
  return visible(text).replace(breaking, (character) => (character === '\n' ? '\\n' : '\\t'))
}

/** Values that we write in several lines. */
const ownLines = new Set(['snippets', 'experiment_file'])

/** A copy of a value whose strings each stay one line, for the formatters of text; snippets keep their lines. */
export function visibleValues<T>(value: T): T {
  return mapStrings(value, visibleLine) as T
}

function mapStrings(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value)
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, map))
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [map(key), mapStrings(inner, ownLines.has(key) ? visible : map)]))
}
