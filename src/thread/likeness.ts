import type { Lexicon } from './lexicon.ts'

/**
 * The word of ours that a stranger was probably meant to be: one typing error (a letter missing, doubled, wrong or swapped with
 * its neighbour) in a word of five letters or more, two in one of nine or more; in four letters only a swap. Real words that
 * happen to look like ours are listed as such and stay strangers.
 */
export function likeliest(word: string, { byLength, notTypos }: Lexicon): string | null {
  if (!/^[a-z]{4,24}$/.test(word) || notTypos.has(word)) return null
  let best: string | null = null
  let bestErrors = 3
  for (let length = word.length - 1; length <= word.length + 1; length++) {
    for (const candidate of byLength.get(length) ?? []) {
      const allowed = Math.min(bestErrors - 1, Math.min(word.length, candidate.length) >= 9 ? 2 : 1)
      if (allowed < 1) continue
      const errors = typingErrors(word, candidate, allowed)
      if (errors === null) continue
      if (Math.min(word.length, candidate.length) < 5 && !isSwap(word, candidate)) continue
      best = candidate
      bestErrors = errors
    }
  }
  return best
}

/** Errors between two words, up to a limit: the common beginning and end are cut off and only what lies between is counted. */
function typingErrors(a: string, b: string, limit: number): number | null {
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  const x = a.slice(start, a.length - end)
  const y = b.slice(start, b.length - end)
  if (x === '' && y === '') return 0
  // people rarely get the first letter wrong: it may be missing, doubled or swapped
  if (start === 0 && x !== '' && y !== '' && !(x.length === 2 && x[0] === y[1] && x[1] === y[0])) return null
  if (Math.max(x.length, y.length) === 1) return 1
  if (x.length === 2 && y.length === 2 && x[0] === y[1] && x[1] === y[0]) return 1
  return limit >= 2 && Math.max(x.length, y.length) === 2 ? 2 : null
}

function isSwap(a: string, b: string): boolean {
  if (a.length !== b.length) return false
  const at = [...a].findIndex((letter, index) => letter !== b[index])
  return at >= 0 && a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2)
}
