import type { AntiPattern } from '../../contract/profile-report.ts'
import type { Replay } from '../replay.ts'
import type { HloModule } from '../types.ts'
import { unalignedSplit } from './alignment.ts'
import { hostTransferWaits, infeedWaits, layoutCopies } from './copies.ts'
import { type AntiPatternContext, type Rule, toAntiPattern } from './finding.ts'
import { gradientReduceInLoop, syncModelCollectives } from './loop-collectives.ts'
import { partialOffload } from './offload.ts'
import { resharding } from './resharding.ts'
import { fullRematerialization, gatherThenSlice, reduceThenSlice } from './sliced-collectives.ts'

const rules: readonly Rule[] = [
  fullRematerialization,
  gatherThenSlice,
  reduceThenSlice,
  gradientReduceInLoop,
  syncModelCollectives,
  resharding,
  layoutCopies,
  hostTransferWaits,
  infeedWaits,
  partialOffload,
  unalignedSplit,
]

/**
 * Anti-patterns of a compiled graph, found across ops by data flow; those with the largest share of the time (or bytes) first.
 * `bytes` are one device's in a step. Works on a compiled module and on one out of a profile; with self times by op name the
 * shares are of the time.
 */
export function findAntiPatterns(module: HloModule, context: Partial<AntiPatternContext> = {}): AntiPattern[] {
  const whole: AntiPatternContext = { mesh: null, mxuSide: null, times: null, totalMs: null, ...context }
  const found: AntiPattern[] = []
  for (const rule of rules) {
    const finding = rule(module, whole)
    if (finding !== null) found.push(toAntiPattern(finding, whole))
  }
  return found.sort((a, b) => (b.share ?? 0) - (a.share ?? 0) || (b.bytes ?? 0) - (a.bytes ?? 0))
}

/** A replay's times in the form that `findAntiPatterns` takes. */
export function replayTimes(replay: Replay): Pick<AntiPatternContext, 'times' | 'totalMs'> {
  return { times: new Map(replay.parts.map(({ name, ms }) => [name, ms])), totalMs: replay.stepTimeMs }
}
