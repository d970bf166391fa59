import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { experimentIdSchema } from '../../contract/experiment.ts'
import { PromptsError } from '../../errors.ts'
import { maxExperimentBytes, parseExperiment } from '../parse-experiment.ts'
import type { ExperimentSource, LoadedExperiment, ProfileHandle } from './experiment-source.ts'

/** Experiments in a folder (or a mounted bucket): `ROOT/ID/experiment.yaml`. */
export function folderSource(root: string): ExperimentSource {
  return {
    name: `folder ${root}`,
    async find(id) {
      if (!experimentIdSchema.safeParse(id).success) return null
      const folder = join(root, id)
      return (await isFile(join(folder, 'experiment.yaml'))) ? loadExperimentFile(join(folder, 'experiment.yaml')) : null
    },
    async list(limit) {
      const entries = await readdir(root, { withFileTypes: true }).catch(() => [])
      const ids: string[] = []
      for (const entry of entries) {
        if (ids.length >= limit) break
        if (await isFile(join(root, entry.name, 'experiment.yaml'))) ids.push(entry.name)
      }
      return ids
    },
  }
}

/**
 * Reads one experiment file and finds its profile beside it.
 * @throws PromptsError `bad_experiment`, `outside_folder` when `profile` leaves the experiment's folder, also through a link.
 */
export async function loadExperimentFile(path: string): Promise<LoadedExperiment> {
  const info = await stat(path).catch(() => null)
  if (!info) throw new PromptsError('bad_experiment', `${path}: no such file`, { hint: 'Name an experiment.yaml or its folder.' })
  if (info.size > maxExperimentBytes)
    throw new PromptsError('too_large', `${path} has ${info.size} bytes`, { hint: `At most ${maxExperimentBytes} are read.` })
  const experiment = parseExperiment(await readFile(path, 'utf8'), path)
  const folder = resolve(path, '..')
  return {
    experiment,
    origin: `file ${path}`,
    profile: experiment.profile === undefined ? null : await profileInside(folder, experiment.profile),
    links: [],
  }
}

/** The profile named in an experiment, refused unless it lies in the experiment's folder; a missing one is a handle whose `open` says so. */
async function profileInside(folder: string, named: string): Promise<ProfileHandle | null> {
  const target = resolve(folder, named)
  if (isAbsolute(named) || !contains(folder, target)) throw outside(named)
  const real = await realpath(target).catch(() => null)
  if (real === null) return null
  if (!contains(await realpath(folder), real)) throw outside(named)
  return { name: named, open: async () => real }
}

function contains(folder: string, target: string): boolean {
  const way = relative(folder, target)
  return way === '' || (!way.startsWith(`..${sep}`) && way !== '..' && !isAbsolute(way))
}

function outside(named: string): PromptsError {
  return new PromptsError('outside_folder', `profile "${named}" lies outside the experiment's folder`, {
    hint: 'Put the profile beside experiment.yaml and name it relative to that.',
  })
}

export async function isFile(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => null)
  return info?.isFile() ?? false
}
