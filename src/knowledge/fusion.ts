/** Qdrant's constant: the first place counts 1/2, the second 1/3. */
const rankConstant = 2

/**
 * Reciprocal rank fusion as Qdrant does it: an entry scores the sum of 1/(place + 2) over the rankings that hold it, places from
 * 0. The ids come back best first, equal ones in alphabetical order, scores divided by the best that could be had.
 */
export function fuseRanks(rankings: readonly (readonly string[])[], limit: number): { id: string; score: number }[] {
  const scores = new Map<string, number>()
  for (const ranking of rankings) {
    for (const [place, id] of ranking.entries()) scores.set(id, (scores.get(id) ?? 0) + 1 / (place + rankConstant))
  }
  const best = rankings.length / rankConstant
  return [...scores]
    .map(([id, score]) => ({ id, score: best > 0 ? score / best : 0 }))
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
    .slice(0, limit)
}

/** The best fused score that `channels` rankings can give, by which a store's raw fused scores are divided. */
export function bestFusedScore(channels: number): number {
  return channels / rankConstant
}
