import type { SpendLog } from '../agents/deps.ts'
import { type Clock, systemClock } from '../clock.ts'
import type { Config } from '../config.ts'
import { PromptsError } from '../errors.ts'
import { createRunFinder } from '../experiment/find/run-finder.ts'
import { resolveWorkload } from '../experiment/resolve-workload.ts'
import { createMetrics } from '../health/metrics.ts'
import { openCatalog } from '../knowledge/data/catalog.ts'
import { sliceTable } from '../knowledge/data/slice-table.ts'
import { openRunAnswers } from '../runs/memory/open-memory.ts'
import type { SlackDeps } from '../slack/deps.ts'
import { createExperimentDirectory } from '../slack/experiment-directory.ts'
import { createInfrastructure } from '../slack/infrastructure.ts'
import type { Log } from '../slack/log.ts'
import { isAllowed, parseChannelRules } from '../slack/requests/access.ts'
import { createThread } from '../thread/thread.ts'
import { heavyWorkInThreads } from '../threads/heavy-work.ts'
import { openTraces } from '../traces/open-traces.ts'
import { claimRedis } from './claim-redis.ts'
import { hasCompiler } from './has-compiler.ts'
import { openLineJobs } from './line-jobs.ts'
import { openService } from './open-service.ts'

const casesShown = 10

/** What Gemini may still cost a workspace today; null where nothing costs. The agents keep to the cap themselves. */
function budgetOf(config: Config, spend: SpendLog): (tenant: string) => Promise<number | null> {
  if (config.GEMINI_API_KEY === undefined && !config.GOOGLE_GENAI_USE_VERTEXAI) return async () => null
  return async (tenant) => config.PROMPTS_SPEND_CAP_USD - (await spend.today(tenant))
}

/** All that the bot and its workers are given, as the operator configured it. */
export async function openSlack(
  config: Config,
  options: { log: Log; signal: AbortSignal; clock?: Clock; role?: 'serve' | 'worker' },
): Promise<{ deps: SlackDeps; close(): Promise<void> }> {
  const { log, signal, clock = systemClock, role = 'serve' } = options
  const namespace = await claimRedis(config, log, signal)
  const finder = createRunFinder(config, sliceTable, openRunAnswers(config))
  const rules = parseChannelRules(config.PROMPTS_CHANNELS)
  const mayKnow = (channel: string, id: string) => isAllowed(rules, channel, id) === 'yes'
  let libraryAway: string | null = null
  const heavy = heavyWorkInThreads({ threads: config.PROMPTS_WORKERS })
  const opened = await openService(config, {
    finder,
    mayKnow,
    heavy,
    onStoreChange(state, detail) {
      libraryAway = state === 'away' ? detail : null
      log.warn(`the library's store is ${state}`, { detail })
    },
    onRefused: (what, reason) => log.warn('the library refused a change for good; it stays in this process', { what, reason }),
  })
  const traces = await openTraces(config.PROMPTS_TRACES, role)
  const infrastructure = createInfrastructure(config, log, { clock, ...(namespace === undefined ? {} : { namespace }) })
  const { library } = opened.library
  const deps: SlackDeps = {
    config,
    clock: infrastructure.clock,
    state: infrastructure.state,
    memory: opened.memory,
    runs: infrastructure.runs,
    compiles: infrastructure.compiles,
    diagnose: opened.service,
    thread: createThread(opened.deps),
    experiments: createExperimentDirectory(finder, mayKnow),
    readInline: (text, what, signal) => heavy.readInline({ text, what }, signal),
    log,
    metrics: createMetrics(),
    traces,
    ...(config.QDRANT_URL === undefined ? {} : { libraryAway: () => libraryAway }),
    alone: infrastructure.alone,
    compiler: hasCompiler(config),
    async plan(team, id, signal) {
      const found = await finder.forWorkspace(team).find(id, signal, () => true)
      if (found.experiment === null)
        throw new PromptsError('bad_experiment', `${id} is a profile alone`, { hint: 'A plan needs an experiment file.' })
      return heavy.plan({ workload: resolveWorkload(found.experiment, openCatalog(config)), top: 10 }, signal)
    },
    lineJobs: openLineJobs(config, heavy),
    async cases(tenant, text) {
      const answer = await library.search({ kind: 'case', tenant, text, signature: null, embedding: null, limit: casesShown })
      return answer.hits.map((hit) => hit.item)
    },
    budgetLeft: budgetOf(config, opened.runStore.spend),
    async page(run, tenant) {
      const { pageOfRun } = await import('../pictures/page-of-run.ts')
      return pageOfRun(opened.memory, run, tenant)
    },
    async pictures(run, tenant) {
      const { picturesOfRun } = await import('../pictures/pictures-of-run.ts')
      return picturesOfRun(opened.memory, run, tenant)
    },
  }
  return {
    deps,
    async close() {
      await traces.close()
      await opened.close()
      await infrastructure.close()
    },
  }
}
