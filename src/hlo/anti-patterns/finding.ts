import type { AntiPattern } from '../../contract/profile-report.ts'
import type { NamedAxis } from '../mesh-axes.ts'
import type { HloInstruction, HloModule } from '../types.ts'
import type { Place } from '../visit.ts'

/** What is known beside the graph. */
export interface AntiPatternContext {
  /** The axes of one slice in mesh order; null: what needs them is left out. */
  mesh: readonly NamedAxis[] | null
  /** Side of the chip's systolic array; null leaves alignment out. */
  mxuSide: number | null
  /** Self time of ops by name, from a profile or a replay; null: shares are null and rules about time are left out. */
  times: ReadonlyMap<string, number> | null
  /** What the times are a share of. */
  totalMs: number | null
}

/** One place where a pattern occurs. */
export interface Occurrence {
  instruction: HloInstruction
  place: Place
  /** A device's bytes in a step; null where bytes do not measure it. */
  bytes: number | null
  /** Other ops of the same occurrence (the slice after the gather). */
  with?: readonly HloInstruction[]
}

/** What a rule says of a kind. */
export interface Finding {
  kind: string
  occurrences: Occurrence[]
  fix: string
}

export type Rule = (module: HloModule, context: AntiPatternContext) => Finding | null

const maxOps = 12

/** The contract's form: ops with the most at stake first, bytes and times summed. */
export function toAntiPattern({ kind, occurrences, fix }: Finding, context: AntiPatternContext): AntiPattern {
  const timeOf = ({ instruction }: Occurrence) => context.times?.get(instruction.name) ?? 0
  const sorted = occurrences.toSorted((a, b) => timeOf(b) - timeOf(a) || (b.bytes ?? 0) - (a.bytes ?? 0))
  const ops = new Set<string>()
  for (const { instruction, with: others = [] } of sorted) for (const { name } of [instruction, ...others]) ops.add(name)
  const counted = occurrences.filter(({ bytes }) => bytes !== null)
  const bytes = counted.length === 0 ? null : counted.reduce((sum, { bytes: b }) => sum + (b ?? 0), 0)
  return { kind, ops: [...ops].slice(0, maxOps), bytes, share: shareOf(sorted, context), fix }
}

/** Each op's time once, however often it occurs here. */
export function shareOf(occurrences: readonly Occurrence[], context: AntiPatternContext): number | null {
  if (context.times === null || context.totalMs === null || context.totalMs <= 0) return null
  let ms = 0
  for (const name of new Set(occurrences.map(({ instruction }) => instruction.name))) ms += context.times.get(name) ?? 0
  return ms / context.totalMs
}
