/**
 * Damerau–Levenshtein distance in its restricted form (optimal string alignment): insertions, deletions, substitutions and swaps
 * of two neighbours each cost 1, and no substring is edited twice.
 */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      let best = Math.min(substitution, previous[j]! + 1, current[j - 1]! + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, beforePrevious[j - 2]! + 1)
      current.push(best)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[b.length]!
}

/**
 * The candidates that are closest to a misspelt word, best first; case and the separators `-`, `_`, `.` and space do not count.
 * A candidate that shares nothing with the word (more than half of the longer one would have to change) is left out, unless one
 * contains the other.
 */
export function nearest(word: string, candidates: Iterable<string>, limit = 3): string[] {
  const wanted = fold(word)
  const scored: { candidate: string; distance: number }[] = []
  for (const candidate of candidates) {
    const folded = fold(candidate)
    const distance = editDistance(wanted, folded)
    const contains = Math.min(wanted.length, folded.length) >= 2 && (folded.includes(wanted) || wanted.includes(folded))
    if (contains || distance <= Math.max(wanted.length, folded.length) / 2)
      scored.push({ candidate, distance: contains ? distance / 2 : distance })
  }
  scored.sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
  return scored.slice(0, limit).map(({ candidate }) => candidate)
}

function fold(text: string): string {
  return text
    .slice(0, 200)
    .toLowerCase()
    .replaceAll(/[-_. ]/g, '')
}
