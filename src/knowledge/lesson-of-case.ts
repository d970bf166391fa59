import type { Case } from '../contract/case.ts'
import { axes, axisSize, formatMesh, type Mesh } from '../contract/mesh.ts'
import { formatMs, formatShare } from '../text/units.ts'
import { parametersOf } from './case-entry.ts'

/** A case with what its record implies: a lesson where it has an outcome and none was written, and what it holds for. */
export function withLesson(item: Case): Case {
  return { ...item, lesson: item.lesson ?? lessonOfCase(item), conditions: { ...conditionsOfCase(item), ...item.conditions } }
}

/** What was tried and what happened, in words; null for a case without an outcome or another mesh to compare with. */
export function lessonOfCase({ from, to, result, measured_before_ms: before, measured_after_ms: after }: Case): string | null {
  if (to === null) return null
  if (result === 'oom') return `${formatMesh(to)} ran out of memory${from === null ? '' : ` where ${formatMesh(from)} ran`}.`
  if (result === 'failed' || result === 'illegal') return `${formatMesh(to)} ${result === 'failed' ? 'failed' : 'was refused'}.`
  if (from === null || before === null || after === null || before <= 0) return null
  const change = after / before - 1
  const words = change < 0 ? `took ${formatShare(-change)} less time per step` : `took ${formatShare(change)} more time per step`
  return `${formatMesh(to)} instead of ${formatMesh(from)} ${words} (${formatMs(before)} → ${formatMs(after)}): ${movesBetween(from, to)}.`
}

/** What a case holds for, as far as it says: chip, phase, dense or mixture, framework, flags. */
export function conditionsOfCase({ workload }: Case): Record<string, string> {
  const { chip, phase, model, run } = workload
  const { parameters, activeParameters } = parametersOf(model)
  const kind = parameters === null || activeParameters === null ? null : activeParameters < parameters * sparseShare ? 'moe' : 'dense'
  const flags = Object.keys(run.flags ?? {}).slice(0, 20)
  return {
    chip,
    phase,
    ...(kind === null ? {} : { kind }),
    ...(flags.length === 0 ? {} : { flags: flags.join(' ').slice(0, 300) }),
  }
}

/** A mixture meets well under this share of its parameters; a dense model leaves out only embeddings. */
const sparseShare = 0.75

function movesBetween(from: Mesh, to: Mesh): string {
  const moves = axes.filter((axis) => axisSize(from, axis) !== axisSize(to, axis))
  return moves.map((axis) => `${axis} ${axisSize(from, axis)} to ${axisSize(to, axis)}`).join(', ') || 'the same mesh'
}
