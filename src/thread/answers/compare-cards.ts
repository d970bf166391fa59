import { formatMesh } from '../../contract/mesh.ts'
import type { Estimate } from '../../contract/verdict.ts'
import type { FinishedRun } from '../../runs/results.ts'
import { formatChange, formatGibNumber, formatMs } from '../../text/units.ts'

const parts: [string, (estimate: Estimate) => number][] = [
  ['step', (one) => one.step_time_ms],
  ['compute', (one) => one.compute_ms],
  ['HBM traffic', (one) => one.hbm_ms],
  ['communication', (one) => one.communication_ms],
  ['exposed communication', (one) => one.exposed_communication_ms],
  ['host', (one) => one.host_ms],
]

/**
 * Two cards side by side, or one beside what runs: each part of the step, memory, range. More than two are compared with the
 * first.
 */
export function compareCards(run: FinishedRun, cards: readonly number[]): string {
  const [first, ...others] = cards
  if (first === undefined) return 'Which cards? For example: compare 1 and 2'
  if (others.length > 0) return others.map((other) => comparePair(run, first, other)).join('\n\n')
  return comparePair(run, first, null)
}

function comparePair({ diagnosis }: FinishedRun, left: number, right: number | null): string {
  const a = diagnosis.cards.find((card) => card.rank === left)
  const b = right === null ? diagnosis.baseline : diagnosis.cards.find((card) => card.rank === right)
  if (!a) return `There is no card ${left}.`
  if (!b) return right === null ? 'What runs now is not known, so there is nothing to compare with.' : `There is no card ${right}.`
  if (!a.estimate || !b.estimate) return 'One of them cannot be judged.'
  const lines = [`Card ${left}: ${formatMesh(a.mesh)}   ${right === null ? 'Now' : `Card ${right}`}: ${formatMesh(b.mesh)}`]
  for (const [name, of] of parts) {
    const [x, y] = [of(a.estimate), of(b.estimate)]
    if (x === 0 && y === 0) continue
    lines.push(`${name}: ${formatMs(x)} and ${formatMs(y)}${x > 0 ? ` (${formatChange(y / x)})` : ''}`)
  }
  lines.push(
    `memory: ${formatGibNumber(a.memory?.required_gib ?? null)} and ${formatGibNumber(b.memory?.required_gib ?? null)} of ${formatGibNumber(a.memory?.available_gib ?? null)} GiB`,
  )
  const overlap = a.estimate.low_ms <= b.estimate.high_ms && b.estimate.low_ms <= a.estimate.high_ms
  if (overlap) lines.push('Their 90% ranges overlap: which one is faster is not certain before one has run.')
  return lines.join('\n')
}
