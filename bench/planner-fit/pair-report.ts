import type { CostModel } from '../../src/planner/cost-model.ts'
import { normalCdf, pairSpread, stepParts } from '../../src/planner/pair-errors.ts'
import { percent } from '../../test/support/measured/statistics.ts'
import type { HeldPair } from './held-pairs.ts'

/** How many held-back pairs are in the right order, and whether the stated probabilities are true, as Markdown lines. */
export function pairReport(pairs: readonly HeldPair[], spreads: CostModel['pair']): string[] {
  const right = (some: readonly HeldPair[]) => some.filter(({ predicted }) => predicted > 0).length
  const lines = ['| Pairs | N | in the right order |', '|---|---|---|']
  for (const [name, some] of [
    ['all', pairs],
    ['compiled', pairs.filter(({ kind }) => kind === 'compiled')],
    ['measured', pairs.filter(({ kind }) => kind === 'measured')],
  ] as const)
    lines.push(`| ${name} | ${some.length} | ${right(some)} (${percent(right(some) / Math.max(1, some.length))}) |`)
  lines.push('', '| Stated probability that the mesh predicted faster is faster | N | stated | true |', '|---|---|---|---|')
  const stated = pairs.map((pair) => {
    const probability = normalCdf(Math.abs(pair.predicted) / pairSpread(pair.faster, pair.slower, spreads))
    return { probability, right: pair.predicted > 0 }
  })
  const edges = [0.5, 0.7, 0.85, 0.95, 0.99, 1.000001]
  for (const [i, low] of edges.slice(0, -1).entries()) {
    const high = edges[i + 1] ?? 1
    const some = stated.filter(({ probability }) => probability >= low && probability < high)
    if (some.length === 0) continue
    const mean = some.reduce((sum, { probability }) => sum + probability, 0) / some.length
    const hits = some.filter((one) => one.right).length
    lines.push(
      `| ${percent(low, 0)} to ${percent(Math.min(1, high), 0)} | ${some.length} | ${percent(mean)} | ${percent(hits / some.length)} |`,
    )
  }
  lines.push('', '| Part of a step | spread of its error |', '|---|---|')
  for (const part of ['floor', ...stepParts] as const) lines.push(`| ${part} | ${spreads[part].toFixed(3)} |`)
  return lines
}
