import { verify } from '../../agents/verifier.ts'
import { formatMesh, type Mesh } from '../../contract/mesh.ts'
import { samePlaced } from '../../contract/placed.ts'
import { explainMesh } from '../../planner/explain.ts'
import type { FinishedRun } from '../../runs/results.ts'
import { formatMs } from '../../text/units.ts'
import { completeMesh } from './complete-mesh.ts'
import { figuresOf } from './figures.ts'

/**
 * Why a mesh is not among the cards, or why a card is not the first: the rule it breaks, what does not fit, or what makes it
 * slower.
 */
export function whyNot({ situation, proposed, diagnosis }: FinishedRun, asked: { mesh: Mesh; card: number | null }): string {
  const { workload, baseline } = situation
  const { ranked } = proposed.plan
  if (asked.card !== null) {
    const shown = diagnosis.cards.find((card) => card.rank === asked.card)
    if (shown === undefined) return `There is no card ${asked.card}.`
    return shown.rank === diagnosis.cards[0]?.rank
      ? `Card ${shown.rank} is the first: ${shown.rationale}`
      : explainMesh({ workload, verdict: shown, ranked, top: 1 })
  }
  const wanted = completeMesh(situation, ranked, asked.mesh)
  if (baseline !== null && samePlaced(baseline, wanted)) {
    const step = diagnosis.kpis.step_time_ms ?? baseline.estimate?.step_time_ms ?? null
    return `${formatMesh(wanted.mesh)} is what you run${step === null ? '' : `, at ${formatMs(step)} per step`}.`
  }
  const { verdict } = verify(situation, { mesh: wanted.mesh, dcn: wanted.dcn, changes: {} })
  const lines = [explainMesh({ workload, verdict, ranked })]
  if (wanted.completed) lines.push(`(${formatMesh(asked.mesh)} was completed to ${formatMesh(wanted.mesh)}.)`)
  if (verdict.legal && verdict.estimate) lines.push(figuresOf(verdict, baseline))
  return lines.join('\n')
}
