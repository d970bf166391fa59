/**
 * The candidates nearest to a word by Damerau-Levenshtein distance (adjacent transposition), nearest first; candidates farther than half
 * of the longer word's length are left out. Case is ignored.
 */
export function nearest(word: string, candidates: Iterable<string>, limit: number): string[] {
  const scored: { candidate: string; distance: number }[] = []
  const lower = word.toLowerCase().slice(0, 200)
  for (const candidate of candidates) {
    const distance = editDistance(lower, candidate.toLowerCase().slice(0, 200))
    if (distance <= Math.max(2, Math.max(lower.length, candidate.length) / 2)) scored.push({ candidate, distance })
  }
  scored.sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
  return scored.slice(0, limit).map((entry) => entry.candidate)
}

function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      let best = Math.min(last[j]! + 1, row[j - 1]! + 1, substitution)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, beforeLast[j - 2]! + 1)
      row.push(best)
    }
    beforeLast = last
    last = row
  }
  return last[b.length]!
}
