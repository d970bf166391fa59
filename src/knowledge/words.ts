/** Words that say nothing about a workload. */
const stopWords = new Set(
  'a an and are as at be by for from has have if in into is it its no not of on or per so than that the their then there this to was were when where which with'.split(
    ' ',
  ),
)

/**
 * The words of a text, in order, lower case. Names such as `llama3.1-8b`, `4x4x4` or `save_qkv_proj` stay whole and are followed
 * by their parts, so that both the name and a part of it find the text.
 */
export function wordsOf(text: string): string[] {
  const words: string[] = []
  for (const match of text
    .toLowerCase()
    .slice(0, 200_000)
    .matchAll(/[a-z0-9]+(?:[._-][a-z0-9]+)*/g)) {
    const whole = match[0]
    const parts = whole.split(/[._-]/)
    if (parts.length > 1) words.push(parts.join('_'))
    for (const part of parts) {
      const stem = stemOf(part)
      if (!stopWords.has(part) && (part.length > 1 || /\d/.test(part))) words.push(stem)
    }
  }
  return words
}

/** Plural and the commonest endings off, so that `collectives` finds `collective`; names with digits stay as they are. */
function stemOf(word: string): string {
  if (/\d/.test(word) || word.length < 5) return word
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`
  if (word.endsWith('sses')) return word.slice(0, -2)
  if (word.endsWith('s') && !word.endsWith('ss') && !word.endsWith('us')) return word.slice(0, -1)
  return word
}

/** BM25's saturation of a word's count; the length is measured in words against a typical entry. */
const saturation = { k1: 1.2, b: 0.5, typicalWords: 120 }

/**
 * A text as a sparse vector: index = 32-bit FNV-1a of the word, value = BM25's weight of its count in a text of this length. The
 * store multiplies in how rare the word is (Qdrant: `modifier: idf`). A query's words count once each.
 */
export function sparseVector(text: string, role: 'entry' | 'query'): { indices: number[]; values: number[] } {
  const counts = new Map<number, number>()
  const words = wordsOf(text)
  for (const word of words) counts.set(fnv1a(word), (counts.get(fnv1a(word)) ?? 0) + 1)
  const { k1, b, typicalWords } = saturation
  const norm = k1 * (1 - b + (b * words.length) / typicalWords)
  const sorted = [...counts].sort(([left], [right]) => left - right)
  return {
    indices: sorted.map(([index]) => index),
    values: sorted.map(([, count]) => (role === 'query' ? 1 : (count * (k1 + 1)) / (count + norm))),
  }
}

function fnv1a(word: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < word.length; i++) {
    hash ^= word.charCodeAt(i)
    hash = Math.imul(hash, 0x01000193)
  }
  return hash >>> 0
}
