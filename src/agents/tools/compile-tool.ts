import { z } from 'zod'
import { compilerVerdictSchema } from '../../contract/verdict.ts'
import { PromptsError } from '../../errors.ts'
import { maxtextFlagsOf } from '../cards.ts'
import { verify } from '../verifier.ts'
import { proposalInput } from './mesh-figures.ts'
import { defineTool, type Tool } from './tool.ts'

/** Takes minutes; offered where a compiler is installed and the caller waits. */
export const compileTool = defineTool({
  name: 'compile_mesh',
  description:
    'Compiles one mesh with the real TPU compiler: fits or runs out of memory, and how much it needs. Takes from half a minute to minutes.',
  input: z.strictObject({ ...proposalInput, full: z.boolean().default(false) }),
  output: compilerVerdictSchema,
  async run({ mesh, dcn, changes, full }, { situation, deps, signal }) {
    if (deps.compiler === null) {
      throw new PromptsError('unavailable', 'The TPU compiler is not installed.', {
        hint: 'npm run setup:compiler installs it into the project.',
      })
    }
    const { verdict, objections } = verify(situation, { mesh, dcn: dcn ?? situation.workload.dcn, changes: changes ?? {} })
    if (verdict.violations.length > 0)
      throw new PromptsError('bad_mesh', objections.join('; '), { hint: 'Only legal meshes are compiled.' })
    const candidate = { ...verdict, ...maxtextFlagsOf(situation, verdict) }
    return (await deps.compiler.compile(situation.workload, candidate, { full, signal })).verdict
  },
})

/** The same for a conversation that may have so many compilations, and how many it had. */
export function boundedCompileTool(limit: number): { tool: Tool; used(): number } {
  let used = 0
  const tool: Tool = {
    ...compileTool,
    description: `${compileTool.description} At most ${limit} times.`,
    run(input, context) {
      if (used >= limit) throw new PromptsError('bad_arguments', `compile_mesh was called ${limit} times: no more.`)
      used++
      return compileTool.run(input, context)
    },
  }
  return { tool, used: () => used }
}
