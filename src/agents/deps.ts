import type { Compiler } from '../compiler/compiler.ts'
import type { Config } from '../config.ts'
import type { Card } from '../contract/diagnosis.ts'
import type { Experiment } from '../contract/experiment.ts'
import type { Mesh } from '../contract/mesh.ts'
import type { ProfileReport } from '../contract/profile-report.ts'
import type { Verdict } from '../contract/verdict.ts'
import type { LoadedExperiment } from '../experiment/sources/experiment-source.ts'
import type { Embedder } from '../knowledge/embeddings.ts'
import type { Library } from '../knowledge/library.ts'
import type { Workload } from '../planner/workload.ts'
import type { FinishedRun } from '../runs/create-service.ts'
import type { FollowUpOptions, WithdrawnCard } from '../runs/diagnose-service.ts'
import type { RunRequest, ShardingMemory } from '../runs/memory/sharding-memory.ts'
import type { Reasoning } from './reasoning.ts'
import type { Retrieved } from './retrieval.ts'
import type { Analysis, Situation } from './situation.ts'

/** An experiment as it was found, with what to tell about it. */
export type FoundExperiment = LoadedExperiment & { notes?: string[] }

export interface EvaluateInput {
  situation: Situation
  analysis: Analysis
  cards: Card[]
  /** Where replacements come from. */
  ranked: readonly Verdict[]
  retrieved: Retrieved
  run: string
  tenant: string
}

/** What the agents work with. Everything with I/O is here, so that tests can put something else in its place. */
export interface AgentDeps {
  config: Config
  memory: ShardingMemory
  library: Library
  embedder: Embedder | null
  loadExperiment: (subject: RunRequest['subject'], signal: AbortSignal) => Promise<FoundExperiment>
  /** `mesh` is the one that ran, where an experiment says so: it tells collectives by axis and finds what depends on the mesh. */
  readProfile: (source: string, signal: AbortSignal, mesh: Mesh | null) => Promise<ProfileReport>
  /** @throws PromptsError for names that are not known and settings that contradict each other. */
  resolve: (experiment: Experiment) => Workload
  /** null where none is installed or it is turned off. */
  compiler: Compiler | null
  evaluateCards: (
    input: EvaluateInput,
    onChange: (cards: Card[], withdrawn: WithdrawnCard[]) => Promise<void>,
    signal: AbortSignal,
  ) => Promise<{ cards: Card[]; notes: string[] }>
  reasoning: (run: { run: string; tenant: string }) => Reasoning
  /** Answers a free question by a model; absent or null: there is none, or it failed. */
  answerQuestion?: (question: { text: string; finished: () => Promise<FinishedRun>; options: FollowUpOptions }) => Promise<string | null>
  /** Milliseconds, for measuring. */
  clock: () => number
  now: () => Date
}
