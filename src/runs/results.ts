import type { AskedRun } from '../agents/deps.ts'
import type { Retrieved } from '../agents/retrieval.ts'
import type { Case } from '../contract/case.ts'
import type { Experiment } from '../contract/experiment.ts'
import type { RunRequest } from '../contract/run.ts'

/** The stored result of the stage `experiment`. */
export interface ExperimentStage {
  experiment: Experiment | null
  origin: string
  profile: string | null
  links: { title: string; uri: string }[]
  notes: string[]
}

/** A finished run with all that was computed for it. */
export interface FinishedRun extends AskedRun {
  request: RunRequest
  retrieved: Retrieved
}

/** What a follow-up in a thread is answered with. */
export interface FollowUpAnswer {
  /** What was understood; `unknown` gets a help text. On `cancel` the caller stops the run's job. */
  kind: 'what_if' | 'why_not' | 'compare' | 'evidence' | 'outcome' | 'cancel' | 'help' | 'question' | 'unknown'
  /** Plain text with short lines and no markup of any chat system. */
  text: string
  /** The case that an outcome wrote; null otherwise. */
  case: Case | null
}
