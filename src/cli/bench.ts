import { exitCodes, PromptsError } from '../errors.ts'
import { nearest } from '../text/nearest.ts'
import type { Run } from './command.ts'
import { recordBenchmark } from './record-benchmark.ts'

const parts = ['record']

export const run: Run<'bench'> = async (context) => {
  const [part] = context.positionals
  if (part === 'record') return recordBenchmark(context)
  if (part !== undefined) {
    const near = nearest(part, parts, 1)[0]
    throw new PromptsError('bad_arguments', `The benchmark has no part "${part}"`, {
      hint: near ? `Did you mean "prompts bench ${near}"?` : 'Without a word it judges and writes its report; `record` compiles.',
    })
  }
  return exitCodes.ok
}
