import type { Answers } from '../../contract/answers.ts'
import { PromptsError } from '../../errors.ts'
import type { HloModule } from '../../hlo/types.ts'
import { questionText } from '../infer/questions.ts'
import type { FoundRun, LoadedExperiment, ProfileHandle } from '../sources/experiment-source.ts'
import { inferRun } from './infer-run.ts'
import type { RunAnswers } from './run-answers.ts'
import { type SliceEvidence, sliceOfRun } from './slice-of-run.ts'
import { sliceQuestion } from './slice-question.ts'
import type { SliceTable } from './slice-table.ts'

/** What finding a run may need besides the sources. */
export interface FindContext {
  /** Answers that were given before; null where none are kept. */
  answers: RunAnswers | null
  table: SliceTable
  /** The kind of device of a local profile; null where it cannot be told. */
  deviceType: (profile: string, signal: AbortSignal) => Promise<string | null>
  /** The compiled programs that a profile holds. */
  modules: (profile: ProfileHandle, signal: AbortSignal) => Promise<HloModule[]>
  /** What the person who asks says of the run now. */
  said?: Answers
}

/**
 * Makes an experiment of what was found: of the trainer's records once their slice is known, of the program in a profile alone as
 * far as it says what ran. What is said now is remembered.
 * @throws PromptsError `slice_unknown` for a run without a profile.
 */
export async function settleRun(found: FoundRun, context: FindContext, signal: AbortSignal): Promise<LoadedExperiment> {
  const { origin, profile, links, notes } = found
  const said = context.said ?? {}
  const answers: Answers = { ...(await context.answers?.recall(found.id)), ...said }
  if (found.experiment !== null)
    return { experiment: found.experiment, origin, profile, links, notes: [...notes, ...notUsed(answers, 'its experiment says what ran')] }
  const draft = found.draft === null ? null : await found.draft(signal, context.table)
  if (draft === null) {
    if (profile === null)
      throw new PromptsError(
        'bad_experiment',
        `${found.id} (${origin}) has neither a profile nor an experiment: ${notes.join('; ') || 'nothing to read'}`,
        {
          hint: 'Save a profile with the run, log its settings, or put an experiment.yaml there.',
        },
      )
    return fromProfile(found, profile, { ...context, heard: answers }, signal)
  }
  const { slice: _, ...others } = answers
  notes.push(...notUsed(others, 'the run wrote down what ran'))
  const whole = { origin, profile, links, ...(draft.settings === undefined ? {} : { settings: draft.settings }) }
  try {
    const slice = await sliceOfRun(draft, evidenceOf(found, { ...context, heard: answers }, signal), context.table)
    if (said.slice !== undefined && draft.slice === null) await context.answers?.remember(found.id, { slice: slice.slice }, null)
    const imported = draft.toExperiment(slice)
    const where = `the slice ${slice.slice} is from ${slice.from}`
    return { ...whole, experiment: imported.experiment, notes: [...notes, where, ...imported.notes] }
  } catch (error) {
    const question = error instanceof PromptsError && profile !== null ? sliceQuestion(error) : null
    if (question === null) throw error
    return { ...whole, experiment: null, notes: [...notes, questionText(question)], questions: [question] }
  }
}

/** A context with all that was said of the run, now and before. */
type Heard = FindContext & { heard: Answers }

/** A profile alone: the experiment is read from the program in it, where that and what was said say enough. */
async function fromProfile(found: FoundRun, profile: ProfileHandle, context: Heard, signal: AbortSignal): Promise<LoadedExperiment> {
  const { origin, links, notes } = found
  const modules = await context.modules(profile, signal)
  const evidence = evidenceOf(found, context, signal)
  const inferred = await inferRun(modules, { id: found.id, evidence, answers: context.heard, table: context.table })
  if (inferred === null) return { experiment: null, origin, profile, links, notes }
  const { experiment, questions, slice } = inferred
  const { slice: _, ...values } = context.said ?? {}
  await context.answers?.remember(found.id, { ...values, ...(context.said?.slice !== undefined && slice !== null ? { slice } : {}) }, null)
  return { experiment, origin, profile, links, notes: [...notes, ...inferred.notes, ...questions.map(questionText)], questions }
}

function evidenceOf({ slice, profile }: FoundRun, { said, heard, deviceType }: Heard, signal: AbortSignal): SliceEvidence {
  const now = said?.slice ?? null
  return {
    said: now,
    known: slice,
    remembered: now === null ? (heard.slice ?? null) : null,
    deviceType: async () => (profile === null ? null : deviceType(await profile.open(signal), signal)),
  }
}

/** What someone said in vain: the run itself says it. */
function notUsed(answers: Answers, why: string): string[] {
  // which place is meant has been heeded before
  const names = Object.keys(answers).filter((name) => name !== 'place')
  return names.length === 0 ? [] : [`what was said of ${names.join(', ')} is not used: ${why}`]
}
