import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { exitCodes } from '../errors.ts'
import type { Workload } from '../planner/workload.ts'
import { priorsOf, type SearchCandidate } from '../tuners/search-space.ts'
import { parametersOf, pointOf } from '../tuners/study.ts'
import type { Context } from './command.ts'
import { hasTuners, openInstalledTuner } from './installed-tuner.ts'
import { trialRequest } from './trial-request.ts'

/** Writes study.json, and the tuner's own files where it is installed. */
export async function writeStudy(
  { flags, config, note, show }: Context<'search'>,
  workload: Workload,
  space: readonly SearchCandidate[],
): Promise<number> {
  const folder = resolve(flags.write!)
  mkdirSync(folder, { recursive: true })
  const parameters = parametersOf(space)
  const seeds = space.filter(({ card }) => card).map((one) => pointOf(one, parameters))
  const priors = priorsOf(space, parameters)
  const study = {
    study: workload.id,
    goal: 'minimize step_time_ms',
    parameters,
    candidates: space.map(({ verdict, card }) => ({ card, ...trialRequest(workload, verdict) })),
    seeds,
    priors,
  }
  writeFileSync(join(folder, 'study.json'), `${JSON.stringify(study, null, 1)}\n`)
  const files = [join(folder, 'study.json')]
  const tuner = flags.tuner === 'none' || !hasTuners(config) ? null : (flags.tuner ?? 'vizier')
  if (tuner === null) note('the tuners are not installed, or not asked for: study.json alone is written')
  else {
    const process = openInstalledTuner(config)
    try {
      await process.begin({ tuner, seed: flags.seed ?? 0, parameters, priors, trials: [] })
      files.push(await process.export({ folder, name: workload.id, seeds }))
    } finally {
      process.close()
    }
  }
  show(
    { files, candidates: space.length, seeds: seeds.length },
    () => `${space.length} meshes, ${seeds.length} of them cards:\n${files.join('\n')}`,
  )
  return exitCodes.ok
}
