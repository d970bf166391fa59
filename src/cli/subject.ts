import type { Config } from '../config.ts'
import { createRunFinder, type OpenOptions } from '../experiment/find/run-finder.ts'
import type { LoadedExperiment } from '../experiment/sources/experiment-source.ts'
import { sliceTable } from '../knowledge/data/slice-table.ts'

/**
 * What the operator names: an id, a file, a run's folder, or the address of a run; `topology` says the slice where nothing else
 * does.
 */
export async function openSubject(
  subject: string,
  config: Config,
  signal: AbortSignal,
  options: OpenOptions = {},
): Promise<LoadedExperiment> {
  return createRunFinder(config, sliceTable).open(subject, signal, options)
}
