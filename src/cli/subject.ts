import type { Config } from '../config.ts'
import type { Answers } from '../contract/answers.ts'
import { createRunFinder, type OpenOptions } from '../experiment/find/run-finder.ts'
import type { LoadedExperiment } from '../experiment/sources/experiment-source.ts'
import { sliceTable } from '../knowledge/data/slice-table.ts'

/**
 * What the operator names: an id, a file, a run's folder, or the address of a run; `said` is what nothing else says of it.
 */
export async function openSubject(
  subject: string,
  config: Config,
  signal: AbortSignal,
  options: OpenOptions = {},
): Promise<LoadedExperiment> {
  return createRunFinder(config, sliceTable).open(subject, signal, options)
}

/** What `--topology` says. */
export function saidOf(topology: string | undefined): Answers {
  return topology === undefined ? {} : { slice: topology }
}
