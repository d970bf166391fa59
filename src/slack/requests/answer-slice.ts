import { slicePattern } from '../../contract/chip.ts'
import { PromptsError } from '../../errors.ts'
import type { SlackServices } from '../services.ts'
import { type Asker, checkExperiment } from './access.ts'
import { startRuns } from './start-runs.ts'

/**
 * Keeps which slice a run ran on, as someone said, and diagnoses it with that. @throws PromptsError `not_allowed`,
 * `bad_arguments`.
 */
export async function answerSlice(
  services: SlackServices,
  asker: Asker,
  { id, slice, threadTs, askTs, eyesTs }: { id: string; slice: string; threadTs: string; askTs: string; eyesTs: string | null },
): Promise<void> {
  checkExperiment(services.deps, asker.channel, id)
  if (!wholeSlice.test(slice))
    throw new PromptsError('bad_arguments', `"${slice}" is not a slice`, { hint: 'For example v5p-128, or v6e:4x8.' })
  await services.deps.experiments.answerSlice(id, slice, asker.user)
  await startRuns(services, { asker, threadTs, askTs, eyesTs, subjects: [{ kind: 'experiment', id }] })
}

const wholeSlice = new RegExp(`^${slicePattern}$`)
