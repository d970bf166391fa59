import { stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { PromptsError } from '../errors.ts'
import { toolOfFile } from '../profile/json/replies.ts'
import { type FindOptions, findExperiment } from './find/find-experiment.ts'
import { settleRun } from './find/settle-run.ts'
import { benchmarkFile } from './serving/benchmark-file.ts'
import type { ExperimentSource, FoundRun, LoadedExperiment } from './sources/experiment-source.ts'
import { loadExperimentFile } from './sources/load-experiment-file.ts'
import { findInStore } from './sources/store-source.ts'
import { folderStore } from './sources/stores/folder-store.ts'

/**
 * What an operator names on the command line: an experiment file, a run's folder, a profile alone, or an id of the configured
 * sources.
 * @throws PromptsError `unknown_experiment` with the nearest ids, `ambiguous_experiment` when two sources have the id,
 *   `slice_unknown`.
 */
export async function loadSubject(
  subject: string,
  sources: readonly ExperimentSource[],
  signal: AbortSignal,
  options: FindOptions,
): Promise<LoadedExperiment> {
  const info = await stat(subject).catch(() => null)
  // one saved reply of a server is a profile, though experiments may be written in JSON too
  const isReply = toolOfFile(subject) !== null
  if (info?.isFile() && /\.jsonl?$/.test(subject) && !isReply) {
    const served = await benchmarkFile(subject, idOfName(basename(subject).replace(/\.jsonl?$/, '')), signal)
    if (served !== null) return settleRun(served, options.context, signal)
  }
  if (info?.isFile() && /\.(ya?ml|json)$/.test(subject) && !isReply) return loadExperimentFile(subject, options.cacheRoot, signal)
  const isEvents = info?.isFile() === true && /(^|\.)tfevents\./.test(basename(subject))
  if (info?.isDirectory() || isEvents) {
    const folder = isEvents ? dirname(resolve(subject)) : resolve(subject)
    const found = await findInStore(
      folderStore(dirname(folder)),
      { folder: basename(folder), id: idOfName(basename(folder)), cacheRoot: options.cacheRoot },
      signal,
    )
    if (found !== null && (found.experiment !== null || found.draft !== null)) return settleRun(found, options.context, signal)
  }
  if (info) return settleRun(profileAlone(subject), options.context, signal)
  if (/[/\\]|\.(ya?ml|json|pb|gz)$/.test(subject))
    throw new PromptsError('unknown_experiment', `${subject}: no such file or folder`, {
      hint: "Name a run, an experiment.yaml, a run's folder, or a profile.",
    })
  return findExperiment(subject, sources, signal, options)
}

function profileAlone(path: string): FoundRun {
  return {
    id: idOfName(basename(resolve(path)).replace(/(\.xplane)?\.pb(\.gz)?$/, '')),
    ...{ origin: `profile ${path}`, experiment: null, draft: null, slice: null, links: [], notes: [] },
    profile: { name: basename(path), open: async () => path },
  }
}

/** A folder's name as an id, for a folder that an operator names by its path. */
function idOfName(name: string): string {
  const clean = name
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 128)
  return clean === '' ? 'run' : clean
}
