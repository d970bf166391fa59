import type { Verdict } from '../../contract/verdict.ts'
import type { Situation } from '../situation.ts'

/** The mesh that settings beside it are told for: the one that runs, or the first card where none can have run. */
export function meshForSettings({ baseline }: Pick<Situation, 'baseline'>, best: Verdict | null): Verdict | null {
  return baseline?.legal && baseline.memory?.certainty !== 'no' ? baseline : best
}
