import type { Clock } from '../clock.ts'
import type { Config } from '../config.ts'
import type { Answers } from '../contract/answers.ts'
import type { Case } from '../contract/case.ts'
import type { LineJobs } from '../contract/line-job.ts'
import type { RunRequest } from '../contract/run.ts'
import type { Plan } from '../contract/verdict.ts'
import type { ListedRun } from '../experiment/find/run-finder.ts'
import type { InlineExperiment } from '../experiment/read-inline-experiment.ts'
import type { Metrics } from '../health/metrics.ts'
import type { JobQueue } from '../jobs/job-queue.ts'
import type { ShardingMemory } from '../runs/memory/sharding-memory.ts'
import type { DiagnoseService } from '../runs/service.ts'
import type { StateStore } from '../state/state-store.ts'
import type { Thread } from '../thread/thread.ts'
import type { Traces } from '../traces/traces.ts'
import type { Log } from './log.ts'

/** A diagnosis to be run: the whole request travels with the job, so that a worker needs nothing else. */
export interface RunJob {
  /**
   * The shape of this job; absent in jobs of versions before there was more than one. A worker leaves what is newer than it
   * knows.
   */
  schema?: number
  request: RunRequest
  /** What messages call it. */
  title: string
  /** The span that asked for it (W3C traceparent), where traces are on. */
  trace?: string
}

/** Cards of a run to be compiled. */
export interface CompileJob {
  schema?: number
  run: string
  team: string
  trace?: string
}

/** The shape of jobs that this version adds, and the newest that it works. */
export const jobSchema = 1

/** Whether this version understands a job. */
export function knowsJob({ schema = 1 }: { schema?: number }): boolean {
  return schema <= jobSchema
}

/** The span that is open here, as a part of a job. */
export function traceOf({ traces }: Pick<SlackDeps, 'traces'>): { trace?: string } {
  const trace = traces.here()
  return trace === undefined ? {} : { trace }
}

/** The compiling job of a run. */
export function compileJobId(run: string): string {
  return `compile-${run}`
}

/** What Slack asks about experiments without diagnosing them. */
export interface ExperimentDirectory {
  /** Ids that exist, for help. */
  examples(team: string, limit: number): Promise<string[]>
  /** Runs that a channel may know of, newest first, and the sources that did not answer. */
  runs(where: { team: string; channel: string }, words: readonly string[], limit: number): Promise<{ runs: ListedRun[]; silent: string[] }>
  /** Keeps what someone said of a run that nothing else says: its slice, or what its program leaves open. */
  answerRun(team: string, run: string, answers: Answers, by: string): Promise<void>
  /** A recorded step time, for an outcome; null where the experiment has none. @throws PromptsError `unknown_experiment`. */
  stepTimeMs(team: string, id: string): Promise<number | null>
}

/** Everything the Slack app and the workers are given. What is optional is a part of the product that may not be configured. */
export interface SlackDeps {
  config: Config
  clock: Clock
  state: StateStore
  memory: ShardingMemory
  runs: JobQueue<RunJob>
  compiles: JobQueue<CompileJob>
  diagnose: DiagnoseService
  /** Answers questions about finished runs. */
  thread: Thread
  experiments: ExperimentDirectory
  /** An experiment that came with a message. @throws PromptsError as `readInlineExperiment`; the signal's reason. */
  readInline(text: string, what: string, signal: AbortSignal): Promise<InlineExperiment>
  log: Log
  metrics: Metrics
  traces: Traces
  /** Why the shared library is away; null while it answers. Absent: there is none. */
  libraryAway?: () => string | null
  /** No other process shares the state: SQLite. */
  alone: boolean
  /** Whether a compiler is there, so that cards say they are being compiled. */
  compiler: boolean
  /** `/prompts plan`. */
  plan?: (team: string, id: string, signal: AbortSignal) => Promise<Plan>
  /** Jobs that are said in one line: `plan llama3-70b on v6e-256, …`, `size serve …`. */
  lineJobs?: LineJobs
  /** `/prompts cases`: this tenant's and the shipped ones. */
  cases?: (tenant: string, text: string) => Promise<Case[]>
  /**
   * Dollars that the workspace may still spend today; null where nothing costs. Asked before each run; where it is spent the plan
   * says that rules answer.
   */
  budgetLeft?: (tenant: string) => Promise<number | null>
  /** The page of a run's profile, to hand out as a file; null where it had none. */
  page?: (run: string, tenant: string) => Promise<{ name: string; html: string } | null>
  /** Pictures for the summary (roofline, step breakdown), drawn after the diagnosis; uploaded by the outbox's client. */
  pictures?: (run: string, tenant: string) => Promise<{ name: string; png: Uint8Array; altText: string }[]>
}
