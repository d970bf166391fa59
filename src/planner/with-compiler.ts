import type { CompilerVerdict, Verdict } from '../contract/verdict.ts'

/** A verdict with the compiler's word, which stands above the planner's on whether the program fits. */
export function withCompiler<T extends Verdict>(verdict: T, compiler: CompilerVerdict): T {
  const { memory } = verdict
  if (!memory || (compiler.status !== 'fits' && compiler.status !== 'oom')) return { ...verdict, compiler }
  const fits = compiler.status === 'fits'
  return { ...verdict, compiler, memory: { ...memory, fits, probability: fits ? 1 : 0, certainty: fits ? 'clear' : 'no' } }
}
