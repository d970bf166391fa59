import { type MeshTuple, usedAxes } from '../interconnect/mesh-tuple.ts'
import type { CostModel } from './cost-model.ts'
import { pairSpread, type StepShares } from './pair-errors.ts'
import { compareKeys, type RankKey } from './rank.ts'

/** A candidate with its key, and a way to its step's shares, which are made for those that come near the first only. */
export interface Orderable {
  key: RankKey
  shares: () => StepShares
}

/**
 * Candidates of one tier that are put in order by what can be told apart; those behind them stay in the order of their scores.
 */
const orderedTop = 400
/** A candidate is a tie with a faster one where the difference is within one spread of the error of their comparison. */
const tieSpreads = 1
/** However little is known of two steps, one this much longer (by its logarithm) does not go first. */
const widestTie = 0.15

/**
 * The ranking: by tier, by SLO, then by the objective, where candidates that cannot be told from the best of those left are ties
 * with it, and of ties the one that evidence leans to goes first, then the simpler: pure FSDP, then contiguous, then fewer axes,
 * then the smaller score. `candidates` are sorted in place.
 */
export function putInOrder<T extends Orderable>(candidates: T[], pair: CostModel['pair']): T[] {
  candidates.sort((a, b) => compareKeys(a.key, b.key))
  const ordered: T[] = []
  for (let start = 0; start < candidates.length; ) {
    const first = candidates[start]
    let end = start
    while (end < candidates.length && sameClass(candidates[end], first)) end++
    orderClass(candidates.slice(start, Math.min(end, start + orderedTop)), pair, ordered)
    ordered.push(...candidates.slice(Math.min(end, start + orderedTop), end))
    start = end
  }
  return ordered
}

/** Whether `slower` cannot be told from `faster` by their predicted scores. */
export function isTie(faster: Orderable, slower: Orderable, pair: CostModel['pair']): boolean {
  const gap = Math.log(slower.key.score / faster.key.score)
  if (gap > widestTie) return false
  return gap <= tieSpreads * pairSpread(faster.shares(), slower.shares(), pair)
}

/** Takes the best and its ties, simpler first, until none is left. */
function orderClass<T extends Orderable>(sorted: T[], pair: CostModel['pair'], into: T[]): void {
  let left = sorted
  while (left.length > 0) {
    const [best] = left
    if (!best) return
    const ties = left.filter((one) => one === best || isTie(best, one, pair))
    into.push(...ties.sort((a, b) => a.key.lean - b.key.lean || compareSimplicity(a.key, b.key) || compareKeys(a.key, b.key)))
    const taken = new Set(ties)
    left = left.filter((one) => !taken.has(one))
  }
}

/** Simpler first: pure FSDP, contiguous, fewer axes. */
export function compareSimplicity(a: RankKey, b: RankKey): number {
  return Number(usesFsdpAlone(b)) - Number(usesFsdpAlone(a)) || a.split - b.split || a.axes - b.axes
}

/** Inside a slice only the data axis; across slices replica or data. */
export function usesFsdpAlone({ ici, dcn }: Pick<RankKey, 'ici' | 'dcn'>): boolean {
  return usedAxes(ici) === (ici[2] > 1 ? 1 : 0) && acrossByBatch(dcn)
}

function acrossByBatch([, stage, , seq, model, expert]: MeshTuple): boolean {
  return stage * seq * model * expert === 1
}

function sameClass(a: Orderable | undefined, b: Orderable | undefined): boolean {
  return a?.key.tier === b?.key.tier && a?.key.slo === b?.key.slo
}
