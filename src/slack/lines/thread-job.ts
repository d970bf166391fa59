import { z } from 'zod'
import type { LineJob } from '../../contract/line-job.ts'
import { keys } from '../../state/keys.ts'
import { readJsonAs } from '../../text/json.ts'
import type { SlackServices } from '../services.ts'

/** Where a job is talked about. */
export interface JobPlace {
  team: string
  channel: string
  threadTs: string
}

/** Replies that a job is changed by; a later one than these is refused. */
export const mostChanges = 40
const dayMs = 86_400_000

const jobSchema = z.strictObject({
  verb: z.enum(['plan', 'size']),
  lines: z
    .array(z.string().max(2000))
    .min(1)
    .max(mostChanges + 1),
})

/** The job of one line that a thread is about; null where there is none, or where what was kept is not understood. */
export async function threadJob({ deps }: Pick<SlackServices, 'deps'>, place: JobPlace): Promise<LineJob | null> {
  const kept = await deps.state.get(keys.threadJob(place))
  return kept === null ? null : readJsonAs(jobSchema, kept)
}

export async function keepThreadJob({ deps }: Pick<SlackServices, 'deps'>, place: JobPlace, job: LineJob): Promise<void> {
  await deps.state.set(keys.threadJob(place), JSON.stringify(job), deps.config.PROMPTS_KEEP_DAYS * dayMs)
}

export async function forgetThreadJob({ deps }: Pick<SlackServices, 'deps'>, place: JobPlace): Promise<boolean> {
  const had = (await deps.state.get(keys.threadJob(place))) !== null
  if (had) await deps.state.delete(keys.threadJob(place))
  return had
}
