import { PromptsError } from '../../errors.ts'
import type { HloModule } from '../../hlo/types.ts'
import type { FoundRun, LoadedExperiment, ProfileHandle } from '../sources/experiment-source.ts'
import { inferRun } from './infer-run.ts'
import type { SliceAnswers } from './slice-answers.ts'
import { type SliceEvidence, sliceOfRun } from './slice-of-run.ts'
import type { SliceTable } from './slice-table.ts'

/** What finding a run may need besides the sources. */
export interface FindContext {
  /** Answers that were given before; null where none are kept. */
  answers: SliceAnswers | null
  table: SliceTable
  /** The kind of device of a local profile; null where it cannot be told. */
  deviceType: (profile: string, signal: AbortSignal) => Promise<string | null>
  /** The compiled programs that a local profile holds. */
  modules: (profile: string, signal: AbortSignal) => Promise<HloModule[]>
  /** The slice that the person who asks says now. */
  topology?: string | null
}

/**
 * Makes an experiment of what was found: of the trainer's records once their slice is known. A run that has a profile and no
 * slice is a profile alone, with a note of what to say.
 * @throws PromptsError `slice_unknown` for a run without a profile.
 */
export async function settleRun(found: FoundRun, context: FindContext, signal: AbortSignal): Promise<LoadedExperiment> {
  const { origin, profile, links, notes } = found
  if (found.experiment !== null) return { experiment: found.experiment, origin, profile, links, notes }
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
    return fromProfile(found, profile, context, signal)
  }
  try {
    const evidence = await evidenceOf(found, context, signal)
    const slice = await sliceOfRun(draft, evidence, context.table)
    if (context.topology && draft.slice === null) await context.answers?.remember(found.id, slice.slice, null)
    const imported = draft.toExperiment(slice)
    const where = `the slice ${slice.slice} is from ${slice.from}`
    return { experiment: imported.experiment, origin, profile, links, notes: [...notes, where, ...imported.notes] }
  } catch (error) {
    if (!(error instanceof PromptsError) || error.code !== 'slice_unknown' || profile === null) throw error
    return { experiment: null, origin, profile, links, notes: [...notes, `${error.message}. ${error.hint}`] }
  }
}

/** A profile alone: the experiment is read from the program in it, where that says enough. */
async function fromProfile(found: FoundRun, profile: ProfileHandle, context: FindContext, signal: AbortSignal): Promise<LoadedExperiment> {
  const { origin, links, notes } = found
  const modules = await context.modules(await profile.open(signal), signal)
  const evidence = await evidenceOf(found, context, signal)
  const inferred = await inferRun(modules, { id: found.id, evidence, table: context.table })
  return { experiment: inferred?.experiment ?? null, origin, profile, links, notes: [...notes, ...(inferred?.notes ?? [])] }
}

async function evidenceOf({ id, slice, profile }: FoundRun, context: FindContext, signal: AbortSignal): Promise<SliceEvidence> {
  return {
    said: context.topology ?? null,
    known: slice,
    remembered: (await context.answers?.recall(id)) ?? null,
    deviceType: async () => (profile === null ? null : context.deviceType(await profile.open(signal), signal)),
  }
}
