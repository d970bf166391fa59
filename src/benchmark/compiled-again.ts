import { truthKey } from './truth-file.ts'
import type { TruthRow } from './truth-row.ts'

/**
 * Recorded programs that were compiled once more beside their records. Differences, of those whose verdict stands, are shares of what was
 * recorded.
 */
export interface CompiledAgain {
  programs: number
  sameVerdict: number
  largestMemory: number
  largestStep: number
}

/** What compiling a sample again gave; rows of jobs and meshes that are not recorded are in no count. */
export function compiledAgain(recorded: readonly TruthRow[], again: readonly TruthRow[]): CompiledAgain {
  const before = new Map(recorded.map((row) => [truthKey(row), row]))
  const found: CompiledAgain = { programs: 0, sameVerdict: 0, largestMemory: 0, largestStep: 0 }
  for (const row of again) {
    const first = before.get(truthKey(row))
    if (first === undefined) continue
    found.programs++
    if (first.status !== row.status) continue
    found.sameVerdict++
    found.largestMemory = Math.max(found.largestMemory, offBy(first.required_gib, row.required_gib))
    found.largestStep = Math.max(found.largestStep, offBy(first.replay?.step_time_ms, row.replay?.step_time_ms))
  }
  return found
}

function offBy(before: number | null | undefined, now: number | null | undefined): number {
  return before && now ? Math.abs(now / before - 1) : 0
}
