import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { PromptsError } from '../errors.ts'
import { resolveWorkload } from '../experiment/resolve-workload.ts'
import { openCatalog } from '../knowledge/data/catalog.ts'
import type { Workload } from '../planner/workload.ts'
import { type Regime, regimeFileSchema } from './regime.ts'

/**
 * Every regime of a folder of JSON files, in the order of the files' names.
 * @throws PromptsError `bad_experiment` for a file that the schema refuses or an id that is used twice.
 */
export function readRegimes(folder: string): Regime[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
  const regimes = files.sort().flatMap((name) => readFamily(join(folder, name)))
  const seen = new Set<string>()
  for (const { id } of regimes) {
    if (seen.has(id))
      throw new PromptsError('bad_experiment', `${folder}: two regimes are called ${id}`, { hint: 'Give each an id of its own.' })
    seen.add(id)
  }
  return regimes
}

function readFamily(path: string): Regime[] {
  const parsed = regimeFileSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')))
  if (!parsed.success)
    throw new PromptsError('bad_experiment', `${path} is not a file of regimes: ${z.prettifyError(parsed.error)}`, {
      hint: 'See src/benchmark/regime.ts for what a regime holds.',
    })
  return parsed.data.regimes.map((regime) => ({ ...regime, family: basename(path, '.json') }))
}

/** The regime's job without a mesh: what the planner is asked. @throws PromptsError as `resolveWorkload`. */
export function workloadOf(regime: Regime): Workload {
  return resolveWorkload({ ...regime.experiment, id: regime.id }, openCatalog(undefined))
}

/** The same job as it runs on its bad baseline; null where the regime has none. */
export function baselineWorkloadOf(regime: Regime): Workload | null {
  if (regime.baseline === null) return null
  return resolveWorkload({ ...regime.experiment, id: regime.id, ...regime.baseline }, openCatalog(undefined))
}
