import { z } from 'zod'
import { answersSchema } from './answers.ts'

/** Who asked for a run and where its answer belongs; everything a restarted process needs to go on. The file `request.json`. */
export const runRequestSchema = z.object({
  run: z.string(),
  tenant: z.string(),
  /** An experiment id to look up, an experiment given in full (untrusted text kept as it came), or what an operator names. */
  subject: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('experiment'), id: z.string(), said: answersSchema.optional() }),
    z.object({ kind: z.literal('inline'), yaml: z.string() }),
    z.object({ kind: z.literal('path'), path: z.string(), said: answersSchema.optional() }),
  ]),
  compile: z.boolean(),
  by: z.string().nullable(),
  at: z.string(),
  /** Where the answer goes in Slack; null for the command line. */
  thread: z.object({ team: z.string(), channel: z.string(), threadTs: z.string(), rootTs: z.string().nullable() }).nullable(),
})
export type RunRequest = z.infer<typeof runRequestSchema>

/** What may stand in a run's `events.jsonl`. */
export type RunEventKind =
  | 'request'
  | 'stage'
  | 'tool_call'
  | 'model_output'
  | 'user_input'
  | 'card'
  | 'compiler'
  | 'reaction'
  | 'adoption'
  | 'outcome'
  | 'withdrawal'
  | 'note'
  | 'error'

/** One line of a run's `events.jsonl`. */
export interface RunEvent {
  at: string
  kind: RunEventKind
  name: string
  data: unknown
}

export const stages = ['experiment', 'profile', 'analyze', 'retrieve', 'propose', 'verify', 'compile'] as const
export type Stage = (typeof stages)[number]

/** What a run reports while it goes on; Slack shows it as a plan, the terminal as lines. */
export interface Progress {
  stage: Stage
  status: 'started' | 'done' | 'failed' | 'skipped'
  detail: string | null
}
