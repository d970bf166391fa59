import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { PromptsError } from '../errors.ts'
import { nearest } from '../text/nearest.ts'
import type { ExperimentSource, LoadedExperiment } from './sources/experiment-source.ts'
import { isFile, loadExperimentFile } from './sources/folder-source.ts'

const listLimit = 2000

/**
 * What an operator names on the command line: an experiment file, its folder, a profile alone, or an id of the configured sources.
 * @throws PromptsError `unknown_experiment` with the nearest ids, `ambiguous_experiment` when two sources have the id.
 */
export async function loadSubject(subject: string, sources: readonly ExperimentSource[], signal: AbortSignal): Promise<LoadedExperiment> {
  const info = await stat(subject).catch(() => null)
  if (info?.isFile() && /\.(ya?ml|json)$/.test(subject)) return loadExperimentFile(subject)
  if (info?.isDirectory() && (await isFile(join(subject, 'experiment.yaml')))) return loadExperimentFile(join(subject, 'experiment.yaml'))
  if (info)
    return { experiment: null, origin: `profile ${subject}`, profile: { name: basename(subject), open: async () => subject }, links: [] }
  if (/[/\\]|\.(ya?ml|json|pb|gz)$/.test(subject))
    throw new PromptsError('unknown_experiment', `${subject}: no such file or folder`, {
      hint: 'Name an experiment id, an experiment.yaml, its folder, or a profile.',
    })
  return findExperiment(subject, sources, signal)
}

/** Looks an id up in every source, in order. Safe for ids that arrive through Slack: it never reads a path. */
export async function findExperiment(id: string, sources: readonly ExperimentSource[], signal: AbortSignal): Promise<LoadedExperiment> {
  const hits: LoadedExperiment[] = []
  const unreachable: string[] = []
  for (const source of sources) {
    try {
      const hit = await source.find(id, signal)
      if (hit) hits.push(hit)
    } catch (error) {
      if (!(error instanceof PromptsError) || error.code !== 'unavailable') throw error
      unreachable.push(`${source.name}: ${error.message}`)
    }
  }
  const [hit, other] = joinProfile(hits)
  if (hit && other) {
    throw new PromptsError('ambiguous_experiment', `${id} is in two places: ${hits.map((one) => one.origin).join(' and ')}`, {
      hint: 'Name the one you mean by its path, or rename one.',
    })
  }
  if (hit) return hit
  if (unreachable.length > 0)
    throw new PromptsError('unavailable', `${id} was not found, and not every source answered: ${unreachable.join('; ')}`, {
      hint: 'Try again when it is reachable; `prompts doctor` tells.',
    })
  const ids = (await Promise.all(sources.map((source) => source.list(listLimit, signal).catch(() => [])))).flat()
  const near = nearest(id, ids, 3)
  throw new PromptsError('unknown_experiment', `No experiment ${id} in ${sources.map((source) => source.name).join(', ')}`, {
    hint:
      near.length > 0
        ? `Nearest: ${near.join(', ')}`
        : ids.length > 0
          ? `There are: ${ids.slice(0, 5).join(', ')}`
          : 'No source has any experiment.',
  })
}

/** An experiment without a profile and a profile without an experiment, under one id, belong together. */
function joinProfile(hits: LoadedExperiment[]): LoadedExperiment[] {
  const [a, b] = hits
  if (hits.length !== 2 || !a || !b || (a.experiment === null) === (b.experiment === null)) return hits
  const [experiment, profile] = a.experiment === null ? [b, a] : [a, b]
  if (experiment.profile !== null) return hits
  return [
    {
      ...experiment,
      profile: profile.profile,
      links: [...experiment.links, ...profile.links],
      origin: `${experiment.origin}, profile from ${profile.origin}`,
    },
  ]
}
