import type { AskedRun } from '../agents/deps.ts'
import type { Retrieved } from '../agents/retrieval.ts'
import type { OpenQuestion } from '../contract/answers.ts'
import type { Experiment } from '../contract/experiment.ts'
import type { RunRequest } from '../contract/run.ts'

/** The stored result of the stage `experiment`. */
export interface ExperimentStage {
  experiment: Experiment | null
  origin: string
  profile: string | null
  links: { title: string; uri: string }[]
  notes: string[]
  /** What people are to be asked; absent in runs of before. */
  questions?: OpenQuestion[]
}

/** A finished run with all that was computed for it. */
export interface FinishedRun extends AskedRun {
  request: RunRequest
  retrieved: Retrieved
}
