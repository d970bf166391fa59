import type { RunFinder } from '../experiment/find/run-finder.ts'
import type { ExperimentDirectory } from './deps.ts'

const lookupMs = 15_000

/** What Slack asks of the configured sources; `mayKnow` says which runs a channel may know of. */
export function createExperimentDirectory(finder: RunFinder, mayKnow: (channel: string, id: string) => boolean): ExperimentDirectory {
  return {
    async examples(limit) {
      const { runs } = await finder.list({ words: [], limit, audience: null, signal: AbortSignal.timeout(lookupMs) })
      return [...new Set(runs.map((run) => run.id))]
    },
    async runs(channel, words, limit) {
      return finder.list({ words, limit, audience: (id) => mayKnow(channel, id), signal: AbortSignal.timeout(lookupMs) })
    },
    async stepTimeMs(id) {
      const found = await finder.find(id, AbortSignal.timeout(lookupMs), () => false)
      return found.experiment?.measured?.step_time_ms ?? null
    },
    async answerSlice(run, slice, by) {
      await finder.answers.remember(run, slice, by)
    },
  }
}
