import type { Compilation } from '../../compiler/compiler.ts'
import type { Suggestion } from '../../contract/diagnosis.ts'
import type { Run } from '../../contract/experiment.ts'
import { formatMesh } from '../../contract/mesh.ts'
import type { Verdict } from '../../contract/verdict.ts'
import { costModel } from '../../planner/cost-model.ts'
import { gainOf, pairSpread, type StepShares, stepParts } from '../../planner/pair-errors.ts'
import { formatGibNumber, formatMs } from '../../text/units.ts'
import type { Remedy } from './remedy.ts'

/** What became of a remedy under the compiler: the suggestion with its effect, or why it is none. */
export interface MeasuredRemedy {
  suggestion: Suggestion | null
  note: string | null
}

/**
 * The effect of a remedy from two compilations at full effort of one mesh, as it is and changed: memory by the compiler, the step
 * by the replay of its schedule. A remedy that does not fit, or whose replay is not faster, is no suggestion, and the note says
 * so.
 */
export function measuredRemedy({ suggestion }: Remedy, on: Verdict, before: Compilation, after: Compilation): MeasuredRemedy {
  const { what } = suggestion
  const mesh = formatMesh(on.mesh)
  if (after.verdict.status === 'oom') {
    const need = after.verdict.required_gib === null ? '' : `: it needs ${formatGibNumber(after.verdict.required_gib)} GiB`
    return { suggestion: null, note: `Tried ${what} on ${mesh}: the TPU compiler runs out of memory${need}.` }
  }
  const [old, changed] = [sharesOf(before), sharesOf(after)]
  if (old === null || changed === null) return { suggestion, note: `${what} on ${mesh}: no compiled effect, ${whyNot(before, after)}.` }
  const spread = pairSpread(changed, old, costModel.pair)
  const { ratio, low, high } = gainOf(old.step / changed.step, spread)
  const effect = `${memoryOf(before)} → ${memoryOf(after)} GiB, replayed step ${formatMs(old.step)} → ${formatMs(changed.step)}`
  if (ratio <= 1) return { suggestion: null, note: `Tried ${what} on ${mesh}: compiled ${effect}, no gain.` }
  return {
    suggestion: { ...suggestion, why: `compiled on ${mesh}: ${effect}; ${suggestion.why}`, gain: { ratio, low, high }, by: 'compiler' },
    note: null,
  }
}

/** The candidate that a remedy's change makes of a mesh. */
export function remedied(on: Verdict, change: Partial<Run>): Verdict {
  return { ...on, changes: { ...on.changes, ...change } }
}

/** A replayed step, milliseconds, as the parts that err together: what the core does, and what it waits for. */
function sharesOf({ verdict, study }: Compilation): StepShares | null {
  if (verdict.status !== 'fits' || !study?.stepTimeMs || study.exposedCommunicationMs === null) return null
  const waits = study.exposedCommunicationMs / study.stepTimeMs
  return { step: study.stepTimeMs, shares: stepParts.map((part) => (part === 'busy' ? 1 - waits : part === 'weights' ? waits : 0)) }
}

function memoryOf({ verdict }: Compilation): string {
  return verdict.required_gib === null ? '?' : formatGibNumber(verdict.required_gib)
}

function whyNot(before: Compilation, after: Compilation): string {
  const missing = [before, after].find(({ verdict }) => verdict.status !== 'fits')
  if (missing) return `the compiler says ${missing.verdict.message?.split('\n')[0]?.slice(0, 200) ?? missing.verdict.status}`
  return 'its schedule could not be replayed'
}
