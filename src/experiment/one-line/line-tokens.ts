/** The longest line that is read. */
export const maxLineLength = 500

const joined: readonly [RegExp, string][] = [
  [/\b(requests?|users?|sequences?)?\s*in[- ]flight\b/gi, ' inflight '],
  [/\bper[-_ ]device[-_ ]batch([-_ ]size)?\b/gi, ' per_device_batch_size '],
  [/\b(global|batch)[-_ ](batch|size)([-_ ]size)?\b/gi, ' batch '],
  [/\b(sequence|seq|context|max_target)[-_ ](length|len)\b/gi, ' seq '],
  [/\btokens?\s+in\b/gi, ' in '],
  [/\btokens?\s+out\b/gi, ' out '],
  [/\b(no|without)\s+remat\b/gi, ' remat none '],
  [/\bkv[- _]?cache\b/gi, ' kv '],
  // 40ms, 30days: the unit is a word of its own
  [/(?<![\w.-])(\d+(?:\.\d+)?)(ms|s|days?|d|h|hours?)(?![\w.-])/gi, '$1 $2'],
  [/[<≤]=?/g, ' '],
  [/(?<=[A-Za-z_])\s*=\s*|(?<=[A-Za-z_]):\s+/g, ' '],
]

/** The words of a line in order: separators and comparison signs gone, units apart, phrases of several words as one. */
export function lineTokens(line: string): string[] {
  const text = joined.reduce((rest, [pattern, word]) => rest.replace(pattern, word), line)
  return text
    .split(/[\s,;]+/)
    .map((word) => word.replace(/^[("'`]+|[)."'`!?]+$/g, ''))
    .filter((word) => word !== '')
}

const factors: Readonly<Record<string, number>> = { k: 1024, ki: 1024, m: 1e6, b: 1e9, t: 1e12 }

/** `8192`, `4k` (4096, as sequences are counted), `1.5M`, `1T`; null for what is no number. */
export function numberOf(word: string | undefined): number | null {
  const [, digits, suffix] = /^(\d+(?:\.\d+)?|\d{1,3}(?:_\d{3})+)(ki?|m|b|t)?$/i.exec(word ?? '') ?? []
  if (digits === undefined) return null
  return Math.round(Number(digits.replaceAll('_', '')) * (suffix === undefined ? 1 : factors[suffix.toLowerCase()]!) * 1e6) / 1e6
}
