import { createSituation } from '../agents/create-situation.ts'
import type { AnalyzeStage, ProposeStage } from '../agents/reasoning.ts'
import type { Retrieved } from '../agents/retrieval.ts'
import type { ProfileReport } from '../contract/profile-report.ts'
import type { RunRequest } from '../contract/run.ts'
import { PromptsError } from '../errors.ts'
import type { RunDeps } from './deps.ts'
import type { ExperimentStage, FinishedRun } from './results.ts'

/** Reads runs of one tenant at a time. */
export interface RunReader {
  /** @throws PromptsError `unknown_run` where this tenant has no such run. */
  request(run: string, tenant: string): Promise<RunRequest>
  /** @throws PromptsError `unknown_run` before its diagnosis, `not_feasible` where it has no cards. */
  finished(run: string, tenant: string): Promise<FinishedRun>
}

/** Runs as their stored stages have them. */
export function createRunReader(deps: RunDeps): RunReader {
  const request = async (run: string, tenant: string) => {
    const found = await deps.memory.request(run)
    if (found !== null && found.tenant === tenant) return found
    throw new PromptsError('unknown_run', `There is no run ${run.slice(0, 80)}.`, { hint: 'Ask for a diagnosis first.' })
  }
  return {
    request,
    async finished(run, tenant) {
      const asked = await request(run, tenant)
      const diagnosis = await deps.memory.diagnosis(run)
      if (diagnosis === null)
        throw new PromptsError('unknown_run', `Run ${run} has no diagnosis yet.`, { hint: 'Wait for it, or start it again.' })
      const stage = async <T>(name: string) => ((await deps.memory.stageResult(run, name)) as { value: T } | null)?.value
      const [source, proposed, analyzed, retrieved, report] = await Promise.all([
        stage<ExperimentStage>('experiment'),
        stage<ProposeStage>('propose'),
        stage<AnalyzeStage>('analyze'),
        stage<Retrieved>('retrieve'),
        stage<ProfileReport | null>('profile'),
      ])
      if (!source?.experiment || !proposed || !analyzed || !retrieved) {
        throw new PromptsError('not_feasible', 'That run has no cards.', { hint: 'Its report says what is missing.' })
      }
      const own = await deps.library.list({ kind: 'case', tenant, limit: 2000, own: true })
      const situation = createSituation(deps, source.experiment, report ?? null, own)
      return { request: asked, diagnosis, situation, analysis: analyzed.analysis, retrieved, proposed }
    },
  }
}
