import { z } from 'zod'
import { meshSchema } from '../contract/mesh.ts'

/** What the operator's command prints of a trial: one JSON object, the last line of its output. */
export const trialAnswerSchema = z.union([
  z.strictObject({ step_time_ms: z.number().positive().max(1e10), seconds: z.number().nonnegative().optional() }),
  z.strictObject({ oom: z.literal(true), seconds: z.number().nonnegative().optional() }),
  z.strictObject({ failed: z.string().min(1).max(2000), seconds: z.number().nonnegative().optional() }),
])

const outcomeSchema = z.discriminatedUnion('result', [
  z.strictObject({ result: z.literal('ok'), step_time_ms: z.number().positive() }),
  z.strictObject({ result: z.literal('oom') }),
  z.strictObject({ result: z.literal('failed'), why: z.string() }),
])
export type TrialOutcome = z.infer<typeof outcomeSchema>

/** One trial of a search as its log keeps it. `from` is who proposed it; `seconds` how long it held the slices. */
export const trialSchema = z.strictObject({
  mesh: meshSchema,
  dcn: meshSchema,
  from: z.enum(['card', 'tuner', 'planner']),
  predicted_ms: z.number().nullable(),
  outcome: outcomeSchema,
  seconds: z.number().nonnegative(),
  at: z.string(),
})
export type Trial = z.infer<typeof trialSchema>

/** The step time of a trial that ran; null of one that failed, which is how tuners are told. */
export function stepOf({ outcome }: Pick<Trial, 'outcome'>): number | null {
  return outcome.result === 'ok' ? outcome.step_time_ms : null
}
