import type { WithdrawnCard } from '../agents/evaluator.ts'
import { meshForSettings } from '../agents/remedies/mesh-for-settings.ts'
import { tryRemedies } from '../agents/remedies/try-remedies.ts'
import type { Diagnosis } from '../contract/diagnosis.ts'
import type { Progress, RunRequest } from '../contract/run.ts'
import { asPromptsError, PromptsError } from '../errors.ts'
import { type AdoptionBook, createAdoptionBook } from './adoption-book.ts'
import { runDiagnosis } from './coordinator.ts'
import type { RunDeps } from './deps.ts'
import { createRunReader } from './run-reader.ts'

/** The one door to runs, for the command line, the workers and the Slack app. Everything thrown is a PromptsError. */
export interface DiagnoseService extends AdoptionBook {
  /**
   * Runs the stages of a diagnosis and stores each; called again with the same `request.run` it continues after the last stored
   * stage, and returns the stored diagnosis of a finished run. With `request.compile` it waits for the compiler's verdicts.
   * @throws PromptsError `not_feasible` when no mesh is legal and fits, `cancelled` when the signal aborts, `timeout` at the
   *   deadline.
   */
  diagnose(request: RunRequest, options: { onProgress: (progress: Progress) => void; signal: AbortSignal }): Promise<Diagnosis>
  /**
   * Compiler verdicts after the cards were shown. `onCard` gets all cards as they now stand each time one changes: with its
   * verdict, or withdrawn and replaced by the next that compiles; the caller says what was withdrawn with `refuse`. Then a
   * setting beside the mesh is tried where the profile or the compiled graph asks for one, and `onSetting` hears what it brings.
   * Does nothing without a compiler.
   */
  compileCards(
    run: string,
    options: {
      onCard: (cards: Diagnosis['cards'], withdrawn: WithdrawnCard[]) => Promise<void>
      onSetting?: (suggestion: Diagnosis['suggestions'][number]) => Promise<void>
      signal: AbortSignal
    },
  ): Promise<void>
}

/** The service over its dependencies; see the interface. */
export function createDiagnoseService(deps: RunDeps): DiagnoseService {
  const reader = createRunReader(deps)
  const book = createAdoptionBook(deps, reader)
  return {
    ...book,

    async diagnose(request, options) {
      try {
        return await runDiagnosis(deps, request, options)
      } catch (thrown) {
        throw asPromptsError(thrown)
      }
    },

    async compileCards(run, { onCard, onSetting, signal }) {
      if (deps.compiler === null || !(await deps.compiler.status(signal)).ready) return
      const request = await deps.memory.request(run)
      if (request === null) throw new PromptsError('unknown_run', `There is no run ${run.slice(0, 80)}.`)
      const { tenant } = request
      const { situation, analysis, retrieved, proposed, diagnosis } = await reader.finished(run, tenant)
      const input = { situation, analysis, retrieved, ranked: proposed.plan.ranked, cards: diagnosis.cards, run, tenant }
      const { cards } = await deps.evaluateCards(
        input,
        async (cards, withdrawn) => {
          // told first: who dies in between tells it again, and nothing is lost
          await onCard(cards, withdrawn)
          await deps.memory.saveDiagnosis(run, { ...diagnosis, cards })
        },
        signal,
      )
      const on = meshForSettings(situation, cards[0] ?? null)
      if (on === null) return
      const { memory, compiler } = deps
      const tried = await tryRemedies({ memory, compiler }, { situation, on, suggestions: diagnosis.suggestions, run }, signal)
      const found = tried.suggestions.find(({ by }) => by === 'compiler')
      if (found !== undefined) await onSetting?.(found)
      const notes = [...diagnosis.notes, ...tried.notes]
      await memory.saveDiagnosis(run, { ...diagnosis, cards, suggestions: tried.suggestions, notes })
    },
  }
}
