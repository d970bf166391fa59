import { formatMesh } from '../../contract/mesh.ts'
import type { Estimate } from '../../contract/verdict.ts'
import type { FinishedRun } from '../../runs/results.ts'
import { formatChange, formatGibNumber, formatMs } from '../../text/units.ts'

const parts: [string, (estimate: Estimate) => number][] = [
  ['step', (one) => one.step_time_ms],
  ['compute', (one) => one.compute_ms],
  ['HBM', (one) => one.hbm_ms],
  ['communication', (one) => one.communication_ms],
  ['exposed communication', (one) => one.exposed_communication_ms],
  ['host', (one) => one.host_ms],
]

/** Two cards side by side: each part of the step, memory, range, what each needs. */
export function compareCards({ diagnosis }: FinishedRun, [left, right]: [number, number]): string {
  const a = diagnosis.cards.find((card) => card.rank === left)
  const b = diagnosis.cards.find((card) => card.rank === right)
  if (!a || !b) return `There is no card ${a ? right : left}.`
  if (!a.estimate || !b.estimate) return 'One of them cannot be judged.'
  const lines = [`Card ${left}: ${formatMesh(a.mesh)}   Card ${right}: ${formatMesh(b.mesh)}`]
  for (const [name, of] of parts) {
    const [x, y] = [of(a.estimate), of(b.estimate)]
    if (x === 0 && y === 0) continue
    lines.push(`${name}: ${formatMs(x)} and ${formatMs(y)}${x > 0 ? ` (${formatChange(y / x)})` : ''}`)
  }
  lines.push(
    `HBM: ${formatGibNumber(a.memory?.required_gib ?? null)} and ${formatGibNumber(b.memory?.required_gib ?? null)} of ${formatGibNumber(a.memory?.available_gib ?? null)} GiB`,
  )
  const overlap = a.estimate.low_ms <= b.estimate.high_ms && b.estimate.low_ms <= a.estimate.high_ms
  if (overlap) lines.push('Their 90 % ranges overlap: which one is faster is not certain before one has run.')
  return lines.join('\n')
}
