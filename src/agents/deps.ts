import type { Compiler } from '../compiler/compiler.ts'
import type { Config } from '../config.ts'
import type { ChipName } from '../contract/chip.ts'
import type { Diagnosis } from '../contract/diagnosis.ts'
import type { Experiment } from '../contract/experiment.ts'
import type { Mesh } from '../contract/mesh.ts'
import type { RunEvent, RunRequest } from '../contract/run.ts'
import type { Plan } from '../contract/verdict.ts'
import type { LoadedExperiment } from '../experiment/sources/experiment-source.ts'
import type { Embedder } from '../knowledge/embeddings.ts'
import type { Library } from '../knowledge/library.ts'
import type { PlanOptions } from '../planner/plan.ts'
import type { Workload } from '../planner/workload.ts'
import type { ProfileReading } from '../profile/read-profile.ts'
import type { ProposeStage } from './reasoning.ts'
import type { Analysis, Situation } from './situation.ts'

/** Where a run's events are recorded. */
export interface EventLog {
  append(run: string, event: Omit<RunEvent, 'at'>): Promise<void>
  events(run: string): Promise<RunEvent[]>
}

/** What a tenant's model calls cost, day by day (UTC), in dollars. */
export interface SpendLog {
  today(tenant: string): Promise<number>
  add(tenant: string, usd: number): Promise<void>
}

/** What is known of a run that a question is about. */
export interface AskedRun {
  request: Pick<RunRequest, 'run' | 'tenant'>
  diagnosis: Diagnosis
  situation: Situation
  analysis: Analysis
  proposed: ProposeStage
}

export interface QuestionOptions {
  signal: AbortSignal
  /** Called with the text so far where a model writes the answer; never called where the answer is computed. */
  onText?: (textSoFar: string) => void
}

/** Answers a free question by a model; null where it failed or may not be asked. */
export type AnswerQuestion = (question: {
  text: string
  /** The person asked to look closer: more turns, and compilations. */
  deep?: boolean
  finished: () => Promise<AskedRun>
  options: QuestionOptions
}) => Promise<string | null>

/** How a model reads an addressed message that the rules left open: a question of one of these kinds, with what was said. */
export interface ClassifiedMessage {
  intent: 'why_not' | 'what_if' | 'compare' | 'evidence' | 'help' | 'question'
  value: {
    mesh?: Mesh | undefined
    batch_factor?: number | undefined
    global_batch?: number | undefined
    seq_len?: number | undefined
    microbatches?: number | undefined
    remat?: string | undefined
    slices?: number | undefined
    chip?: ChipName | undefined
    topology?: string | undefined
    cards?: number[] | undefined
  }
}

/** Classifies a message by a model; null where it failed or may not be asked. */
export type ClassifyMessage = (message: {
  text: string
  run: string
  tenant: string
  signal: AbortSignal
}) => Promise<ClassifiedMessage | null>

/** A workspace, and a channel of it. */
export interface Asker {
  tenant: string
  channel: string
}

/** What the agents work with. Everything with I/O is here, so that tests can put something else in its place. */
export interface AgentDeps {
  config: Config
  memory: EventLog
  library: Library
  embedder: Embedder | null
  /**
   * `asker` is who asks and where: what that workspace does not reach or that channel may not know of is not told. Null and
   * absent: an operator.
   */
  loadExperiment: (subject: RunRequest['subject'], signal: AbortSignal, asker?: Asker | null) => Promise<LoadedExperiment>
  /** `mesh` is the one that ran, where an experiment says so: it tells collectives by axis and finds what depends on the mesh. */
  readProfile: (source: string, signal: AbortSignal, mesh: Mesh | null) => Promise<ProfileReading>
  /** The whole space ranked, beside everything else that this process does. */
  plan: (input: Omit<PlanOptions, 'clock'>, signal: AbortSignal) => Promise<Plan>
  /** @throws PromptsError for names that are not known and settings that contradict each other. */
  resolve: (experiment: Experiment) => Workload
  /** null where none is installed or it is turned off. */
  compiler: Compiler | null
  /** Milliseconds, for measuring. */
  clock: () => number
  now: () => Date
}
