import { userInfo } from 'node:os'
import { caseOfTrial } from '../agents/learning.ts'
import type { Config } from '../config.ts'
import type { Experiment } from '../contract/experiment.ts'
import type { Verdict } from '../contract/verdict.ts'
import { PromptsError } from '../errors.ts'
import { createCaseBook } from '../knowledge/case-book.ts'
import { openLibrary } from '../knowledge/open-library.ts'
import type { Workload } from '../planner/workload.ts'
import { openRunStore } from '../runs/memory/open-memory.ts'
import type { ThreadReporter } from '../slack/thread-reporter.ts'
import type { Trial } from '../tuners/trial.ts'
import { localTenant } from './open-service.ts'
import { createStderrLog } from './stderr-log.ts'

/** Where the trials of a search are kept beside its log: as outcomes in the tenant's library, and in the thread of a run. */
export interface SearchKeeper {
  keep(trial: Trial, verdict: Verdict): Promise<void>
  report(text: string): Promise<void>
  close(): Promise<void>
}

/** @throws PromptsError `unknown_run` for a run that is not there, `bad_arguments` for one that was not asked for in Slack. */
export async function openKeeper(options: {
  config: Config
  run: string | undefined
  experiment: Experiment
  workload: Workload
}): Promise<SearchKeeper> {
  const { config, run, experiment, workload } = options
  const request = run === undefined ? null : await openRunStore(config).memory.request(run)
  if (run !== undefined && request === null)
    throw new PromptsError('unknown_run', `There is no run ${run}`, { hint: 'The summary of a diagnosis names its run.' })
  const thread = request?.thread ?? null
  if (run !== undefined && thread === null)
    throw new PromptsError('bad_arguments', `Run ${run} was not asked for in Slack: it has no thread`, { hint: 'Leave --run out.' })
  const reporter: ThreadReporter | null = thread === null || run === undefined ? null : await reporterOf(config, thread, run)
  const { library, embedder } = await openLibrary(config, { pending: openRunStore(config).pending })
  const tenant = request?.tenant ?? localTenant
  const book = createCaseBook({ library, embedder, tenant, signal: new AbortController().signal })
  const by = request?.by ?? userInfo().username
  return {
    async keep({ outcome, at }, verdict) {
      const said = outcome.result === 'ok' ? { result: 'ok' as const, stepTimeMs: outcome.step_time_ms } : { result: outcome.result }
      await book.add([caseOfTrial({ tenant, by, at: new Date(at), experiment, workload, verdict, outcome: said })])
    },
    report: async (text) => reporter?.say(text),
    async close() {
      await reporter?.close()
      await library.close()
    },
  }
}

async function reporterOf(
  config: Config,
  thread: { team: string; channel: string; threadTs: string },
  run: string,
): Promise<ThreadReporter> {
  // Slack's side is loaded only for this
  const { openThreadReporter } = await import('../slack/thread-reporter.ts')
  const { team, channel, threadTs } = thread
  return openThreadReporter(config, createStderrLog(config.PROMPTS_LOG_LEVEL), { team, channel, threadTs, key: `search-${run}` })
}
