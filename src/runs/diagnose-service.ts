import type { QuestionOptions } from '../agents/deps.ts'
import type { WithdrawnCard } from '../agents/evaluator.ts'
import type { Case } from '../contract/case.ts'
import type { Diagnosis } from '../contract/diagnosis.ts'
import type { Progress, RunRequest } from '../contract/run.ts'
import type { FollowUpAnswer } from './results.ts'

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
  followUp(input: { run: string; tenant: string; text: string; by: string }, options: QuestionOptions): Promise<FollowUpAnswer>
  /** Records who adopted which card and adds the case to the tenant's library. A second adoption of the run replaces the first. */
  adopt(input: { run: string; rank: 1 | 2 | 3; by: string; tenant: string }): Promise<Case>
  /** Takes the adoption of that card back; null when that card was not the adopted one. */
  unadopt(input: { run: string; rank: 1 | 2 | 3; by: string; tenant: string }): Promise<Case | null>
  /** Records how the adopted card ran; the case becomes confirmed or refuted. */
  outcome(input: { run: string; stepTimeMs: number; by: string; tenant: string }): Promise<Case>
}
