import type { Compilation, Compiler } from '../../compiler/compiler.ts'
import type { Suggestion } from '../../contract/diagnosis.ts'
import { formatMesh } from '../../contract/mesh.ts'
import type { Verdict } from '../../contract/verdict.ts'
import type { AgentDeps } from '../deps.ts'
import type { Situation } from '../situation.ts'
import { findRemedies } from './find-remedies.ts'
import { measuredRemedy, remedied } from './measure-remedy.ts'
import type { Remedy } from './remedy.ts'

/** What one run may have compiled for its remedies: the mesh as it is, and one change of it. */
export const compilationsForRemedies = 2

/**
 * Asks the TPU compiler for the effect of the first remedy that it can compile. What the compiled graph of the mesh as it is
 * shows counts beside the profile's findings. The planner's suggestions stay as they are.
 */
export async function tryRemedies(
  deps: Pick<AgentDeps, 'memory'> & { compiler: Compiler },
  input: { situation: Situation; on: Verdict; suggestions: readonly Suggestion[]; run: string },
  signal: AbortSignal,
): Promise<{ suggestions: Suggestion[]; notes: string[] }> {
  const { situation, on, suggestions, run } = input
  const { workload, report } = situation
  const patterns = report?.anti_patterns ?? []
  if (!findRemedies({ workload, on, patterns }).some(isCompiled)) return { suggestions: [...suggestions], notes: [] }
  const compile = async (verdict: Verdict): Promise<Compilation> => {
    // the reference program, also where the operator's own answers for cards: only its schedule is replayed
    const compilation = await deps.compiler.compile(workload, verdict, { full: true, signal })
    const { study, memory } = compilation
    await deps.memory.append(run, {
      kind: 'compiler',
      name: `${formatMesh(verdict.mesh)} for a setting`,
      data: { ...compilation.verdict, memory, study },
    })
    return compilation
  }
  const asIs = await compile(on)
  const seen = [...patterns, ...(asIs.study?.antiPatterns ?? []).filter(({ kind }) => patterns.every((pattern) => pattern.kind !== kind))]
  const remedy = findRemedies({ workload, on, patterns: seen }).find(isCompiled)
  if (remedy === undefined || asIs.verdict.status !== 'fits') return { suggestions: [...suggestions], notes: [] }
  const { suggestion, note } = measuredRemedy(remedy, on, asIs, await compile(remedied(on, remedy.change)))
  const others = suggestions.filter(({ what }) => what !== remedy.suggestion.what)
  return { suggestions: suggestion === null ? others : [suggestion, ...others], notes: note === null ? [] : [note] }
}

function isCompiled(remedy: Remedy): remedy is Remedy & { change: NonNullable<Remedy['change']> } {
  return remedy.change !== null
}
