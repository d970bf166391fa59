import type { RunFinder } from '../experiment/find/run-finder.ts'
import type { ExperimentDirectory } from './deps.ts'

const lookupMs = 15_000

/** What Slack asks of the sources that a workspace reaches; `mayKnow` says which runs a channel may know of. */
export function createExperimentDirectory(finder: RunFinder, mayKnow: (channel: string, id: string) => boolean): ExperimentDirectory {
  const deadline = () => AbortSignal.timeout(lookupMs)
  return {
    async examples(team, limit) {
      const { runs } = await finder.forWorkspace(team).list({ words: [], limit, audience: null, signal: deadline() })
      return [...new Set(runs.map((run) => run.id))]
    },
    async runs({ team, channel }, words, limit) {
      return finder.forWorkspace(team).list({ words, limit, audience: (id) => mayKnow(channel, id), signal: deadline() })
    },
    async stepTimeMs(team, id) {
      const found = await finder.forWorkspace(team).find(id, deadline(), () => false)
      return found.experiment?.measured?.step_time_ms ?? null
    },
    async answerRun(team, run, answers, by) {
      await finder.forWorkspace(team).answers.remember(run, answers, by)
    },
  }
}
