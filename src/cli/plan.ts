import { exitCodes, PromptsError } from '../errors.ts'
import { explainMesh } from '../planner/explain.ts'
import { evaluateMesh } from '../planner/verdict-of.ts'
import { parseMesh } from '../text/parse-mesh.ts'
import { heavyWorkOfCommand } from '../threads/heavy-work.ts'
import type { Command } from './command.ts'
import { compilerOf, compileVerdict } from './compile.ts'
import { formatPlan } from './format/format-plan.ts'
import { hasCompiler } from './open-service.ts'
import { openWorkload, topologyOf, topologyOption } from './open-workload.ts'

/** How many of the ranking the compiler is asked about. */
const compiledTop = 3
const defaultTop = 20

export const command: Command = {
  name: 'plan',
  usage: 'plan <experiment.yaml> [--top N] [--all] [--compile] [--json]',
  summary: 'every mesh ranked, without a profile',
  options: {
    topology: topologyOption,
    top: { type: 'string', meaning: `show the first N (text: ${defaultTop} by default; JSON: all)` },
    all: { type: 'boolean', meaning: 'append the illegal meshes with their reasons' },
    explain: { type: 'string', meaning: 'why this mesh is not in the first three: --explain data=8,model=2' },
    compile: { type: 'boolean', meaning: 'ask the TPU compiler about the first three' },
    full: { type: 'boolean', meaning: 'with --compile: full effort, with a replayed step time' },
    json: { type: 'boolean', meaning: 'print the Plan as JSON' },
  },
  positionals: { min: 1, max: 1 },
  async run({ positionals, flags, config, print, note, signal }) {
    const json = flags['json'] === true
    const all = flags['all'] === true
    const top = topOf(flags['top']) ?? (json || all ? undefined : defaultTop)
    const { workload } = await openWorkload(positionals[0]!, config, signal, topologyOf(flags))
    const heavy = heavyWorkOfCommand()
    if (typeof flags['explain'] === 'string') {
      const verdict = evaluateMesh(workload, parseMesh(flags['explain']))
      print(explainMesh({ workload, verdict, ranked: (await heavy.plan({ workload }, signal)).ranked }))
      return exitCodes.ok
    }
    const plan = await heavy.plan({ workload, all, ...(top === undefined ? {} : { top }) }, signal)
    // where nothing is clear of the limit, the near ones are compiled unasked
    const near = plan.nearest !== null && plan.space.fitting > 0 && hasCompiler(config)
    if (near && !flags['compile']) note('nothing is clear of the memory limit: asking the TPU compiler about the first three')
    if (flags['compile'] || near) {
      const compiler = compilerOf(config)
      for (const [i, verdict] of plan.ranked.slice(0, compiledTop).entries()) {
        if (verdict.legal)
          plan.ranked[i] = (
            await compileVerdict(workload, verdict, { config, full: flags['full'] === true, note, signal, compiler })
          ).verdict
      }
    }
    print(json ? JSON.stringify(plan) : formatPlan(plan, workload.framework))
    return plan.space.fitting > 0 ? exitCodes.ok : exitCodes.no
  },
}

function topOf(value: string | boolean | undefined): number | undefined {
  if (typeof value !== 'string') return undefined
  const top = Number(value)
  if (!Number.isInteger(top) || top < 1) throw new PromptsError('bad_arguments', `--top is "${value}"`, { hint: 'A whole number from 1.' })
  return top
}
