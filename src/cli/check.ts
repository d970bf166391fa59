import type { Verdict } from '../contract/verdict.ts'
import { exitCodes, PromptsError } from '../errors.ts'
import { verdictOfMesh } from '../planner/verdict-of.ts'
import { parseMesh } from '../text/parse-mesh.ts'
import { visibleValues } from '../text/visible.ts'
import type { Run } from './command.ts'
import { formatStudy } from './format/format-study.ts'
import { formatVerdict } from './format/format-verdict.ts'
import { hasCompiler } from './has-compiler.ts'
import { notesOfWorkload, openWorkload } from './open-workload.ts'

export const run: Run<'check'> = async ({ positionals, flags, config, show, note, signal }) => {
  const { workload, loaded, line } = await openWorkload(positionals[0]!, config, signal, flags.topology)
  for (const text of [...(line?.assumptions ?? []).map((one) => `assumed: ${one}`), ...notesOfWorkload(loaded, workload)]) note(text)
  const mesh = flags.mesh !== undefined ? parseMesh(flags.mesh) : workload.mesh
  if (mesh === null)
    throw new PromptsError('bad_mesh', `${workload.id} names no mesh`, {
      hint: 'Pass one with --mesh data=8,model=2, or find one with prompts plan.',
    })
  const dcn = flags.dcn !== undefined ? parseMesh(flags.dcn) : workload.dcn
  const planned = verdictOfMesh(workload, mesh, dcn)
  const { verdict, study } =
    planned.legal && (flags.compile || (planned.memory?.certainty === 'near' && hasCompiler(config)))
      ? await (await import('./compile.ts')).compileVerdict(workload, planned, { config, full: flags.full, note, signal })
      : { verdict: planned, study: null }
  show(verdict, (shown) => [formatVerdict(shown, workload.framework), ...(study ? formatStudy(visibleValues(study)) : [])].join('\n'))
  return isFeasible(verdict) ? exitCodes.ok : exitCodes.no
}

/** Legal, and not out of memory: by the compiler's word where it has spoken, else unless it is as good as certain not to fit. */
function isFeasible({ legal, memory, compiler }: Verdict): boolean {
  return legal && memory !== null && memory.certainty !== 'no' && compiler?.status !== 'error'
}
