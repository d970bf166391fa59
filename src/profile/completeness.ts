import type { CoreReading } from './core-reading.ts'

/**
 * Estimates how many op executions a profile lost. An op runs a whole number of times in each run of its program, so counts that are not
 * multiples of the program's runs betray missing events; two runs may be cut by the trace's ends and are forgiven.
 */
export function missingShare(cores: readonly CoreReading[]): number {
  let expected = 0
  let held = 0
  for (const core of cores) {
    const runsOf = new Map<string, number>()
    for (const [name, runs] of core.modules) {
      const program = /\((\d+)\)$/.exec(name)?.[1]
      if (program !== undefined) runsOf.set(program, (runsOf.get(program) ?? 0) + runs.count)
    }
    for (const op of core.ops) {
      const runs = runsOf.get(op.facts.programId ?? '') ?? 0
      if (runs < 4 || op.count > runs) continue
      if (op.count < runs / 4) continue
      expected += runs
      held += Math.min(runs, op.count + 2)
    }
  }
  return expected === 0 ? 0 : Math.max(0, 1 - held / expected)
}
