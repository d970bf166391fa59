import { median } from '../numbers/statistics.ts'
import type { CoreOp, CoreReading } from './core-reading.ts'

const fewest = 8

/**
 * Estimates how many op executions a profile lost. The ops of one loop body run equally often, so their counts differ by one or
 * two where the trace cuts an iteration; events dropped at random, a share p of them, spread the counts with a variance of p
 * times their mean. Ops that run less than half as often as their neighbours are taken for branches.
 */
export function missingShare(cores: readonly CoreReading[]): number {
  let squares = 0
  let expected = 0
  for (const core of cores) {
    for (const [parent, siblings] of Map.groupBy(core.ops, (op) => `${op.parent}:${op.facts.programId}`)) {
      if (isBranch(core.ops[Number.parseInt(parent, 10)])) continue
      const counts = regular(siblings.map((op) => op.whole.count))
      if (counts.length < 2) continue
      const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
      for (const count of counts) squares += Math.max(0, (count - mean) ** 2 - 1)
      expected += (counts.length - 1) * mean
    }
  }
  return expected === 0 ? 0 : Math.min(0.9, squares / expected)
}

function isBranch(op: CoreOp | undefined): boolean {
  return op?.facts.category === 'conditional'
}

function regular(counts: number[]): number[] {
  const typical = median(counts) ?? 0
  return typical < fewest ? [] : counts.filter((count) => count >= typical / 2 && count <= typical * 2)
}
