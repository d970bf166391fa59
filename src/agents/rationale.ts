import type { Framework } from '../contract/experiment.ts'
import { axes, axisSize, type Mesh, sameMesh } from '../contract/mesh.ts'
import { formatPlaced } from '../contract/placed.ts'
import type { Estimate, Verdict } from '../contract/verdict.ts'
import { axisNames } from '../text/axis-names.ts'
import { formatChange, formatGibNumber, formatMs } from '../text/units.ts'
import { bottleneckFigures } from './analyzer.ts'
import type { Analysis, Situation } from './situation.ts'

const boundBy = { compute: 'compute-bound', hbm: 'HBM-bound', communication: 'communication-bound', host: 'host-bound' } as const

/**
 * Two sentences: what holds the job back, with the measured numbers, and what this card does about it, with the predicted ones.
 */
export function writeRationale(situation: Situation, analysis: Analysis, card: Verdict): string {
  const cold = situation.report === null && situation.baseline === null && card.estimate
  return `${cold ? whatWouldHold(cold) : whatHoldsBack(situation, analysis)} ${whatChanges(situation, analysis, card)}`
}

/** What the planner expects of a card that the model chose, beside the first card: it stands before the model's own words. */
export function plannerOnIdea(card: Verdict, first: Verdict): string {
  if (card === first || !card.estimate || !first.estimate) return 'An idea of the model, not of the planner.'
  const change = perToken(card.estimate) / perToken(first.estimate) - 1
  const percent = Math.round(Math.abs(change) * 100)
  const expects = percent === 0 ? 'the same time' : `${percent}% ${change > 0 ? 'more' : 'less'} time`
  return `An idea of the model, not of the planner, which expects ${expects} per token than card 1.`
}

/** Of a cold start only the prediction says what would hold the step back: the largest part of it. */
function whatWouldHold(estimate: Estimate): string {
  const parts = [
    ['compute', estimate.compute_ms],
    ['HBM', estimate.hbm_ms],
    ['communication with nothing computing', estimate.exposed_communication_ms],
    ['the host', estimate.host_ms],
  ] as const
  const [name, ms] = parts.reduce((most, part) => (part[1] > most[1] ? part : most))
  return `Most of the predicted step is ${name}: ${formatMs(ms)} of ${formatMs(estimate.step_time_ms)}.`
}

function whatHoldsBack({ report }: Situation, { bottleneck, kpis }: Analysis): string {
  const name = bottleneck.class
  if (name === 'unknown') return `Bottleneck unknown: ${bottleneck.evidence[0] ?? 'it is not in the profile'}.`
  if (name === 'capacity') return `The job runs out of memory: ${bottleneck.evidence[0]}.`
  const source = report === null ? 'The job is predicted to be' : 'The profile shows that the job is'
  return `${source} ${boundBy[name]}: ${bottleneckFigures(kpis, bottleneck)}.`
}

function whatChanges({ workload, baseline }: Situation, { bottleneck }: Analysis, card: Verdict): string {
  const move = describeMove(workload.framework, baseline, card)
  const memory = card.memory
    ? `memory is ${formatGibNumber(card.memory.required_gib)} of ${formatGibNumber(card.memory.available_gib)} GiB`
    : ''
  const after = card.estimate
  const before = baseline?.estimate
  if (!after) return `${move}; ${memory}.`
  const step = `${formatMs(after.step_time_ms)} per step`
  if (!before || bottleneck.class === 'capacity') {
    const exposed = `${formatMs(after.exposed_communication_ms)} of it communication with nothing computing`
    return `${move} is predicted at ${step}, ${exposed}; ${memory}.`
  }
  const change = formatChange(perToken(after) / perToken(before))
  const parts = biggestChange(before, after)
  const sameBatch = card.changes.global_batch === undefined
  const from = sameBatch ? stepFromTo(before.step_time_ms, after.step_time_ms) : `the step takes ${formatMs(after.step_time_ms)}`
  return `${move}: ${parts ? `${parts}, and ` : ''}${from} (${change} time per token); ${memory}.`
}

function perToken(estimate: Estimate): number {
  return 1 / estimate.tokens_per_second_per_chip
}

function stepFromTo(before: number, after: number): string {
  const [from, to] = [formatMs(before), formatMs(after)]
  return from === to ? `the step stays at ${to}` : `the step goes from ${from} to ${to}`
}

/** `model (tensor) from 4 to 2 and data (fsdp) from 16 to 32, remat minimal`; the whole mesh where there was none. */
export function describeMove(framework: Framework, baseline: Verdict | null, card: Verdict): string {
  const settings = Object.entries(card.changes).map(
    ([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
  )
  const with_ = settings.length > 0 ? `, with ${settings.join(', ')}` : ''
  if (!baseline) return `${formatPlaced(card)}${with_}`
  const moves = [...movesOf(framework, baseline.mesh, card.mesh, ''), ...movesOf(framework, baseline.dcn, card.dcn, ' across slices')]
  if (moves.length === 0) return `The same mesh${with_}`
  const last = moves.pop()!
  return `${capitalize(moves.length > 0 ? `${moves.join(', ')} and ${last}` : last)}${with_}`
}

function movesOf(framework: Framework, before: Mesh, after: Mesh, where: string): string[] {
  if (sameMesh(before, after)) return []
  return axes
    .filter((axis) => axisSize(before, axis) !== axisSize(after, axis))
    .map((axis) => {
      const own = axisNames[framework][axis]
      return `${axis}${own === axis ? '' : ` (${own})`}${where} from ${axisSize(before, axis)} to ${axisSize(after, axis)}`
    })
}

/** The part of the step that changes most: `exposed communication falls from 8.9 s to 2.0 s`. */
function biggestChange(before: Estimate, after: Estimate): string | null {
  const parts = [
    ['exposed communication', before.exposed_communication_ms, after.exposed_communication_ms],
    ['compute', before.compute_ms, after.compute_ms],
    ['HBM time', before.hbm_ms, after.hbm_ms],
    ['host time', before.host_ms, after.host_ms],
  ] as const
  const [name, from, to] = parts.reduce((best, part) => (Math.abs(part[2] - part[1]) > Math.abs(best[2] - best[1]) ? part : best))
  if (Math.abs(to - from) < 0.02 * before.step_time_ms) return null
  return `${name} ${to < from ? 'falls' : 'rises'} from ${formatMs(from)} to ${formatMs(to)}`
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
