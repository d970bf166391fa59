import type { Config } from '../config.ts'
import { PromptsError } from '../errors.ts'
import { type Catalog, resolveWorkload } from '../experiment/resolve-workload.ts'
import type { LoadedExperiment } from '../experiment/sources/experiment-source.ts'
import { findChip } from '../knowledge/data/chips.ts'
import { resolveModel } from '../knowledge/data/models.ts'
import { parsePrices } from '../knowledge/data/prices.ts'
import { findSlice } from '../knowledge/data/topologies.ts'
import type { Workload } from '../planner/workload.ts'
import { openSubject } from './subject.ts'

/** The experiment that the operator names, with its names looked up. @throws PromptsError also for a profile alone. */
export async function openWorkload(
  subject: string,
  config: Config,
  signal: AbortSignal,
): Promise<{ loaded: LoadedExperiment; workload: Workload }> {
  const loaded = await openSubject(subject, config, signal)
  if (loaded.experiment === null) {
    throw new PromptsError('bad_experiment', `${subject} is a profile alone`, {
      hint: 'Name an experiment.yaml; `prompts profile` reads a profile.',
    })
  }
  return { loaded, workload: resolveWorkload(loaded.experiment, catalogOf(config)) }
}

/** The shipped knowledge with the operator's own prices. */
export function catalogOf(config: Config): Catalog {
  const prices = parsePrices(config.PROMPTS_PRICES)
  return { findChip: (name) => findChip(name, { prices }), findSlice, resolveModel }
}
