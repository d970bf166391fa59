import type { Diagnosis } from '../../contract/diagnosis.ts'
import { type Progress, stages } from '../../contract/run.ts'
import type { Job } from '../../jobs/job-queue.ts'
import type { StageProgress } from '../blocks/plan-message.ts'
import { compileJobId, jobSchema, type RunJob, type SlackDeps, traceOf } from '../deps.ts'
import type { Delivery } from './delivery.ts'
import type { RunRecord, RunRecords } from './run-records.ts'

export interface RunHandlerOptions {
  deps: SlackDeps
  records: RunRecords
  delivery: Delivery
  /** After the answer is written down: reactions that came before it. */
  onAnswered?: (record: RunRecord) => Promise<void>
}

/** What a worker does for one run. Called again after its process died, it goes on where the run stopped. */
export function createRunHandler(options: RunHandlerOptions): (job: Job<RunJob>) => Promise<void> {
  const { deps, records, delivery } = options
  const handle = async (job: Job<RunJob>): Promise<void> => {
    const { request } = job.data
    const record = (await records.get(request.run)) ?? recordOf(job.data)
    const end = await records.ended(request.run)
    if (end === 'cancelled' || end === 'failed' || (end === 'done' && (await records.delivered(request.run)))) return
    await deps.memory.begin(request)

    const shower = showProgress(record, delivery, deps)
    const started = performance.now()
    try {
      const diagnosis = await deps.diagnose.diagnose(request, { onProgress: shower.onProgress, signal: job.signal })
      shower.stop()
      if ((await records.end(request.run, 'done')) !== 'done') return
      const compiles = deps.compiler && diagnosis.cards.length > 0
      if (compiles) await records.beginCompiling(request.run)
      await delivery.finish(record, diagnosis)
      await options.onAnswered?.(record)
      tellEnd(deps, record, job, { seconds: (performance.now() - started) / 1000, diagnosis })
      if (compiles) await askCompiler(options, record)
      await delivery.addPictures(record, diagnosis).catch((error: unknown) => deps.log.warn('no pictures', { error: String(error) }))
    } catch (thrown) {
      shower.stop()
      if (job.signal.aborted) throw job.signal.reason
      throw thrown
    }
  }
  return (job) => deps.traces.span('diagnose', { run: job.id, attempt: job.attempt }, () => handle(job), job.data.trace)
}

/** One line a run: who, what, how long, how it ended. */
function tellEnd(
  { log, metrics, config }: SlackDeps,
  { run, team, by, at }: RunRecord,
  { attempt }: Job<RunJob>,
  { seconds, diagnosis }: { seconds: number; diagnosis: Diagnosis },
): void {
  metrics.runEnded('done', seconds)
  const sinceAsked = (Date.now() - Date.parse(at)) / 1000
  // hosts' clocks may differ: what cannot be is not counted
  if (sinceAsked >= 0 && sinceAsked < config.PROMPTS_RUN_DEADLINE_SECONDS * 100) metrics.answerPosted(sinceAsked)
  for (const [stage, ms] of Object.entries(diagnosis.timings_ms)) metrics.stageEnded(stage, ms / 1000)
  const { experiment, cards, reasoning, cost_usd } = diagnosis
  log.info('a run ended', {
    ...{ run, team, by, experiment, end: 'done', attempt, seconds: Number(seconds.toFixed(2)), cards: cards.length },
    ...{ reasoning, cost_usd, timings_ms: diagnosis.timings_ms },
  })
}

/** The answer stands without the compiler: where it cannot be asked, the cards say so. */
async function askCompiler({ deps, delivery }: RunHandlerOptions, record: RunRecord): Promise<void> {
  const turn = { tenant: record.team, person: record.by, cost: 1 }
  try {
    await deps.compiles.add(compileJobId(record.run), { schema: jobSchema, run: record.run, team: record.team, ...traceOf(deps) }, turn)
  } catch (error) {
    deps.log.warn('the compiler was not asked', { run: record.run, error: String(error) })
    await delivery.compilingEnded(record)
  }
}

/** What is done when a run's tries are used up. */
export function createFailureHandler(options: {
  records: RunRecords
  delivery: Delivery
}): (data: RunJob, thrown: unknown) => Promise<void> {
  return async (data, thrown) => {
    const record = (await options.records.get(data.request.run)) ?? recordOf(data)
    if ((await options.records.end(data.request.run, 'failed')) !== 'failed') return
    await options.delivery.fail(record, thrown)
  }
}

/** A run's record from its job, where the state lost it. */
export function recordOf({ request, title }: RunJob): RunRecord {
  const thread = request.thread
  return {
    run: request.run,
    team: request.tenant,
    title,
    subject: title,
    by: request.by ?? '',
    at: request.at,
    channel: thread?.channel ?? '',
    threadTs: thread?.threadTs ?? '',
    bottleneck: null,
  }
}

const showEveryMs = 1500

/** Shows progress at most once in that time, and nothing after the end. */
function showProgress(
  record: RunRecord,
  delivery: Delivery,
  deps: SlackDeps,
): { onProgress: (progress: Progress) => void; stop: () => void } {
  const seen: StageProgress = {}
  const over = new AbortController()
  let waits = false
  const show = () => {
    waits = false
    delivery.progress(record, { ...seen }).catch((error: unknown) => deps.log.debug('progress not shown', { error: String(error) }))
  }
  const began = new Map<string, number>()
  const traceStage = ({ stage, status }: Progress) => {
    const since = began.get(stage)
    if (status === 'started') began.set(stage, Date.now())
    else if (since !== undefined) deps.traces.past(stage, { status }, since, Date.now())
  }
  return {
    onProgress(progress) {
      if (over.signal.aborted || !stages.includes(progress.stage)) return
      seen[progress.stage] = progress
      traceStage(progress)
      if (waits) return
      waits = true
      deps.clock.sleep(showEveryMs, over.signal).then(show, () => {})
    },
    stop: () => over.abort(),
  }
}
