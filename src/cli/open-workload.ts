import type { Config } from '../config.ts'
import { PromptsError } from '../errors.ts'
import type { OneLine } from '../experiment/one-line/read-one-line.ts'
import { resolveWorkload } from '../experiment/resolve-workload.ts'
import type { LoadedExperiment } from '../experiment/sources/experiment-source.ts'
import { openCatalog } from '../knowledge/data/catalog.ts'
import type { Workload } from '../planner/workload.ts'
import { openLine } from './open-line.ts'
import { openSubject, saidOf } from './subject.ts'

/**
 * The experiment that the operator names or describes in one line, with its names looked up. @throws PromptsError also for a
 * profile alone.
 */
export async function openWorkload(
  subject: string,
  config: Config,
  signal: AbortSignal,
  topology?: string,
): Promise<{ loaded: LoadedExperiment; workload: Workload; line: OneLine | null }> {
  const line = await openLine(subject, config, topology)
  const loaded = line !== null ? ofLine(line) : await openSubject(subject, config, signal, { said: saidOf(topology) })
  if (loaded.experiment === null) {
    throw new PromptsError('bad_experiment', `${subject} is a profile alone`, {
      hint: loaded.notes?.at(-1) ?? 'Name an experiment.yaml or a run; `prompts profile` reads a profile.',
    })
  }
  const catalog = openCatalog(line?.goodput ? { ...config, PROMPTS_GOODPUT: line.goodput } : config)
  return { loaded, workload: resolveWorkload(loaded.experiment, catalog), line }
}

function ofLine({ experiment }: OneLine): LoadedExperiment {
  return { experiment, origin: 'the line', profile: null, links: [], notes: [] }
}

/** How an experiment was understood, and what of it the figures leave out. */
export function notesOfWorkload(loaded: LoadedExperiment, workload: Workload): string[] {
  return [...(loaded.notes ?? []), ...(workload.notes ?? [])]
}
