import type { Verdict } from '../contract/verdict.ts'
import { exitCodes, PromptsError } from '../errors.ts'
import { evaluateMesh } from '../planner/verdict-of.ts'
import { parseMesh } from '../text/parse-mesh.ts'
import type { Command } from './command.ts'
import { compileVerdict } from './compile.ts'
import { formatStudy } from './format/format-study.ts'
import { formatVerdict } from './format/format-verdict.ts'
import { hasCompiler } from './open-service.ts'
import { openWorkload, topologyOf, topologyOption } from './open-workload.ts'

export const command: Command = {
  name: 'check',
  usage: 'check <experiment.yaml> [--mesh data=8,model=2] [--compile] [--json]',
  summary: 'the verdict on one mesh: legality, memory, time',
  options: {
    topology: topologyOption,
    mesh: { type: 'string', meaning: "the mesh to judge, instead of the experiment's own" },
    dcn: { type: 'string', meaning: 'the mesh across slices' },
    compile: { type: 'boolean', meaning: 'wait for the TPU compiler; where it disagrees it stands' },
    full: { type: 'boolean', meaning: 'with --compile: full effort, with a replayed step time' },
    json: { type: 'boolean', meaning: 'print the Verdict as JSON' },
  },
  positionals: { min: 1, max: 1 },
  async run({ positionals, flags, config, print, note, signal }) {
    const { workload } = await openWorkload(positionals[0]!, config, signal, topologyOf(flags))
    const mesh = typeof flags['mesh'] === 'string' ? parseMesh(flags['mesh']) : workload.mesh
    if (mesh === null)
      throw new PromptsError('bad_mesh', `${workload.id} names no mesh`, {
        hint: 'Name one with --mesh data=8,model=2, or find one with prompts plan.',
      })
    const dcn = typeof flags['dcn'] === 'string' ? parseMesh(flags['dcn']) : workload.dcn
    const planned = evaluateMesh(workload, mesh, dcn)
    const { verdict, study } =
      planned.legal && (flags['compile'] || (planned.memory?.certainty === 'near' && hasCompiler(config)))
        ? await compileVerdict(workload, planned, { config, full: flags['full'] === true, note, signal })
        : { verdict: planned, study: null }
    if (flags['json']) print(JSON.stringify(verdict))
    else print([formatVerdict(verdict, workload.framework), ...(study ? formatStudy(study) : [])].join('\n'))
    return isFeasible(verdict) ? exitCodes.ok : exitCodes.no
  },
}

/** Legal, and not out of memory: by the compiler's word where it has spoken, else unless it is as good as certain not to fit. */
function isFeasible({ legal, memory, compiler }: Verdict): boolean {
  return legal && memory !== null && memory.certainty !== 'no' && compiler?.status !== 'error'
}
