import { findExperiment } from '../experiment/load-experiment.ts'
import type { ExperimentSource } from '../experiment/sources/experiment-source.ts'
import type { ExperimentDirectory } from './deps.ts'

const lookupMs = 15_000

/** What Slack asks of the configured sources: which ids there are, and what step time one has recorded. */
export function createExperimentDirectory(sources: readonly ExperimentSource[]): ExperimentDirectory {
  return {
    async examples(limit) {
      const signal = AbortSignal.timeout(lookupMs)
      const lists = await Promise.all(sources.map((source) => source.list(limit, signal).catch(() => [])))
      return [...new Set(lists.flat())].slice(0, limit)
    },
    async stepTimeMs(id) {
      const found = await findExperiment(id, sources, AbortSignal.timeout(lookupMs))
      return found.experiment?.measured?.step_time_ms ?? null
    },
  }
}
