import type { Case } from '../contract/case.ts'
import type { Card, Diagnosis } from '../contract/diagnosis.ts'
import type { RunRequest } from './memory/sharding-memory.ts'
import type { Progress } from './progress.ts'

/** A card that was shown and had to be taken back. */
export interface WithdrawnCard {
  card: Card
  /** In words for the engineer: what the compiler said. */
  reason: string
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

export interface FollowUpOptions {
  signal: AbortSignal
  /** Called with the text so far where a model writes the answer; never called where the answer is computed. */
  onText?: (textSoFar: string) => void
}

/**
 * The one door to the reasoning layer, for the command line, the workers and the Slack app. Everything thrown is a PromptsError.
 */
export interface DiagnoseService {
  /**
   * Runs the stages of a diagnosis and stores each; called again with the same `request.run` it goes on from the last stored stage,
   * and returns the stored diagnosis of a finished run. With `request.compile` it waits for the compiler's verdicts.
   * @throws PromptsError `not_feasible` when no mesh is legal and fits, `cancelled` when the signal aborts, `timeout` at the deadline.
   */
  diagnose(request: RunRequest, options: { onProgress: (progress: Progress) => void; signal: AbortSignal }): Promise<Diagnosis>
  /**
   * Compiler verdicts after the cards were shown. `onCard` gets all cards as they now stand each time one changes: with its verdict, or
   * withdrawn and replaced by the next that compiles. Does nothing where no compiler is installed.
   */
  compileCards(
    run: string,
    options: { onCard: (cards: Diagnosis['cards'], withdrawn: WithdrawnCard[]) => Promise<void>; signal: AbortSignal },
  ): Promise<void>
  /** Answers a message in a run's thread; computed by the planner where it can be. */
  followUp(input: { run: string; tenant: string; text: string; by: string }, options: FollowUpOptions): Promise<FollowUpAnswer>
  /** Records who adopted which card and adds the case to the tenant's library. A second adoption of the run replaces the first. */
  adopt(input: { run: string; rank: 1 | 2 | 3; by: string; tenant: string }): Promise<Case>
  /** Takes the adoption of that card back; null when that card was not the adopted one. */
  unadopt(input: { run: string; rank: 1 | 2 | 3; by: string; tenant: string }): Promise<Case | null>
  /** Records how the adopted card ran; the case becomes confirmed or refuted. */
  outcome(input: { run: string; stepTimeMs: number; by: string; tenant: string }): Promise<Case>
}
