import { exitCodes } from '../errors.ts'
import { costNotes } from '../experiment/one-line/cost-notes.ts'
import { calibrateWorkload } from '../planner/calibrate-workload.ts'
import { nearestWords } from '../planner/describe-nearest.ts'
import { explainMesh } from '../planner/explain.ts'
import { orderVerdicts } from '../planner/order-verdicts.ts'
import { unmetObjective } from '../planner/slo.ts'
import { verdictOfMesh } from '../planner/verdict-of.ts'
import { parseMesh } from '../text/parse-mesh.ts'
import { heavyWorkOfCommand } from '../threads/heavy-work.ts'
import type { Run } from './command.ts'
import { formatPlan } from './format/format-plan.ts'
import { hasCompiler } from './has-compiler.ts'
import { notesOfWorkload, openWorkload } from './open-workload.ts'

/** How many of the ranking the compiler is asked about. */
const compiledTop = 3
const defaultTop = 20

export const run: Run<'plan'> = async ({ positionals, flags, config, print, show, note, signal }) => {
  const { all } = flags
  const top = flags.top ?? (flags.json || all ? undefined : defaultTop)
  const { workload, loaded, line } = await openWorkload(positionals[0]!, config, signal, flags.topology)
  const notes = notesOfWorkload(loaded, workload)
  if (line === null) for (const text of notes) note(text)
  const assumptions = line === null ? [] : [...line.assumptions, ...notes, ...costNotes([workload])]
  if (loaded.profile !== null)
    note('its profile is not read here: `prompts diagnose` anchors every step to what it measured, so its times differ')
  const heavy = heavyWorkOfCommand()
  if (flags.explain !== undefined) {
    const verdict = verdictOfMesh(workload, parseMesh(flags.explain))
    if (line !== null) for (const text of assumptions) note(`assumed: ${text}`)
    print(explainMesh({ workload, verdict, ranked: (await heavy.plan({ workload }, signal)).ranked }))
    return exitCodes.ok
  }
  const plan = await heavy.plan({ workload, all, ...(top === undefined ? {} : { top }) }, signal)
  if (line !== null) Object.assign(plan, { assumptions, experiment_file: line.file })
  // where nothing is clear of the limit, the near ones are compiled unasked
  const near = plan.ranked[0]?.memory?.certainty === 'near' && hasCompiler(config)
  if (near && !flags.compile) note('nothing is clear of the memory limit: asking the TPU compiler about the first three')
  if (flags.compile || near) {
    // the compiler's side is loaded only for this
    const { compilerOf, compileVerdict } = await import('./compile.ts')
    const compiler = compilerOf(config)
    for (const [i, verdict] of plan.ranked.slice(0, compiledTop).entries()) {
      if (verdict.legal)
        plan.ranked[i] = (await compileVerdict(workload, verdict, { config, full: flags.full, note, signal, compiler })).verdict
    }
  }
  // the compiler's word moves what it was asked about
  if (flags.compile || near) {
    const [legal, illegal] = [plan.ranked.filter((verdict) => verdict.legal), plan.ranked.filter((verdict) => !verdict.legal)]
    plan.ranked = [...orderVerdicts(legal, { workload, calibration: calibrateWorkload({ workload }) }), ...illegal]
  }
  const unmet = unmetObjective(workload, plan.ranked)
  if (unmet !== null && flags.json) note(unmet)
  const lead = [unmet, nearestWords(plan)].filter((text) => text !== null).join(' ')
  show(plan, (shown) => [...(lead === '' ? [] : [lead, '']), formatPlan(shown, workload.framework)].join('\n'))
  const fits = plan.space.fitting > 0 && plan.ranked[0]?.memory?.certainty !== 'no'
  return fits && unmet === null ? exitCodes.ok : exitCodes.no
}
