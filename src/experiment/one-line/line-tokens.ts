import { lineWords } from './line-words.ts'

/** The longest line that is read. */
export const maxLineLength = 500

/** The words of a line in order: phrases of several words as one, units apart, and what never says anything left out. */
export function lineTokens(line: string): string[] {
  const text = lineWords.rewritten.reduce((rest, [pattern, word]) => rest.replace(pattern, word), line)
  return text
    .split(/[\s,;]+/)
    .map((word) => word.replace(/^[("'`]+|[)."'`!?/]+$/g, ''))
    .filter((word) => word !== '' && !lineWords.dropped.has(word.toLowerCase()))
}

/** `8192`, `4k` (4096, as sequences are counted), `1.5M`, `1T`, `1e6`, `two`; null for what is no number. */
export function numberOf(word: string | undefined): number | null {
  const digit = word === undefined ? undefined : (lineWords.numbers[word.toLowerCase()] ?? word)
  const [, digits, suffix] = /^(\d+(?:\.\d+)?(?:e\d{1,2})?|\d{1,3}(?:_\d{3})+)(ki?|m|b|t)?$/i.exec(digit ?? '') ?? []
  if (digits === undefined) return null
  const factor = suffix === undefined ? 1 : lineWords.magnitudes[suffix.toLowerCase()]!
  return Math.round(Number(digits.replaceAll('_', '')) * factor * 1e6) / 1e6
}
