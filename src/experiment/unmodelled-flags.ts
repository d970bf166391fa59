import json from '../../knowledge/modelled-flags.json' with { type: 'json' }
import type { Experiment, Framework } from '../contract/experiment.ts'
import { rematTensorSettings } from '../planner/remat-policy.ts'
import { countedServingFlags } from '../planner/serving/serving-settings.ts'
import type { ResolvedRun } from '../planner/workload.ts'
import { bare } from '../text/bare.ts'

const counted = new RegExp(json.counted.join('|'))
const countedValues: Readonly<Record<string, readonly string[]>> = bare(json.counted_values)
const compiler = new RegExp(json.compiler.join('|'))
const asked: Readonly<Record<string, string>> = bare(json.not_modelled)

/** A note that names the settings of a run that no figure counts; compiler flags go to the compiler as they are. */
export function unmodelledNotes(run: ResolvedRun, framework: Framework, experiment: Experiment): string[] {
  const known = [...rematTensorSettings, ...countedServingFlags(framework, experiment.phase)]
  const names = Object.keys(run.flags).filter(
    (name) => !counted.test(name) && !compiler.test(name) && !known.includes(name) && !countedValues[name]?.includes(run.flags[name] ?? ''),
  )
  if (names.length === 0) return []
  const shown = names.map((name) => `${name}=${run.flags[name]!.slice(0, 60)}${asked[name] ? ` (${asked[name]})` : ''}`)
  return [`${experiment.id}: not modelled, and counted as if it were not there: ${shown.join(', ')}`]
}
