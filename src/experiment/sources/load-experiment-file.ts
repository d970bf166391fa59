import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { PromptsError } from '../../errors.ts'
import { maxExperimentBytes, readExperiment } from '../parse-experiment.ts'
import type { LoadedExperiment } from './experiment-source.ts'
import { namedProfile } from './named-profile.ts'
import { folderStore } from './stores/folder-store.ts'

/**
 * Reads one experiment file and finds its profile beside it.
 * @throws PromptsError `bad_experiment`, `outside_folder` when `profile` leaves the experiment's folder, also through a link.
 */
export async function loadExperimentFile(path: string, cacheRoot: string, signal: AbortSignal): Promise<LoadedExperiment> {
  const info = await stat(path).catch(() => null)
  if (!info) throw new PromptsError('bad_experiment', `${path}: no such file`, { hint: 'Name an experiment.yaml or its folder.' })
  if (info.size > maxExperimentBytes)
    throw new PromptsError('too_large', `${path} has ${info.size} bytes`, { hint: `At most ${maxExperimentBytes} are read.` })
  const { experiment, notes } = readExperiment(await readFile(path, 'utf8'), path)
  const folder = dirname(resolve(path))
  return {
    experiment,
    origin: `file ${path}`,
    profile:
      experiment.profile === undefined
        ? null
        : await namedProfile(experiment.profile, { store: folderStore(dirname(folder)), folder: basename(folder), cacheRoot }, signal),
    links: [],
    notes,
  }
}
