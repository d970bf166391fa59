import { resolve } from 'node:path'
import { maxtextFlagsOf } from '../agents/cards.ts'
import { type Compiler, createCompiler } from '../compiler/compiler.ts'
import { type ModuleStudy, studyModule } from '../compiler/study-module.ts'
import type { Config } from '../config.ts'
import { formatMesh } from '../contract/mesh.ts'
import type { Verdict } from '../contract/verdict.ts'
import { PromptsError } from '../errors.ts'
import { withCompiler } from '../planner/with-compiler.ts'
import type { Workload } from '../planner/workload.ts'

/** The operator's own train_compile command, in words; null without one. */
export function maxTextCommand(config: Config): string[] | null {
  const words = config.PROMPTS_MAXTEXT_COMMAND?.split(/\s+/).filter((word) => word !== '') ?? []
  return words.length > 0 ? words : null
}

/** The compiler as the operator configured it. */
export function compilerOf(config: Config): Compiler {
  return createCompiler({
    home: resolve(config.PROMPTS_HOME),
    python: config.PROMPTS_COMPILER_PYTHON ?? null,
    processes: config.PROMPTS_COMPILER_PROCESSES,
    memoryGib: config.PROMPTS_COMPILER_MEMORY_GIB,
    timeoutMs: config.PROMPTS_COMPILER_TIMEOUT_SECONDS * 1000,
    maxtextCommand: maxTextCommand(config),
    study: studyModule,
  })
}

/**
 * The verdict with the compiler's word on it, and what else its program tells. @throws PromptsError `unavailable` when the
 * compiler is off or not installed.
 */
export async function compileVerdict(
  workload: Workload,
  verdict: Verdict,
  {
    config,
    full,
    note,
    signal,
    compiler = compilerOf(config),
  }: { config: Config; full: boolean; note: (text: string) => void; signal: AbortSignal; compiler?: Compiler },
): Promise<{ verdict: Verdict; study: ModuleStudy | null }> {
  if (config.PROMPTS_COMPILER === 'off')
    throw new PromptsError('unavailable', 'The TPU compiler is switched off', { hint: 'Unset PROMPTS_COMPILER=off.' })
  note(`compiling ${formatMesh(verdict.mesh)} …`)
  const { mesh, dcn, changes, physical } = verdict
  const candidate = { mesh, dcn, changes, physical, ...maxtextFlagsOf({ workload }, verdict) }
  const { verdict: compiled, study } = await compiler.compile(workload, candidate, { full, signal })
  return { verdict: withCompiler(verdict, compiled), study }
}
