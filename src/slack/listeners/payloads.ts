import { z } from 'zod'
import { answersSchema } from '../../contract/answers.ts'
import { experimentIdSchema } from '../../contract/experiment.ts'
import { readJsonAs } from '../../text/json.ts'

/** What Slack sends, as far as it is read here. Everything else in it is ignored. */
const file = z.object({
  id: z.string().max(100).nullish(),
  name: z.string().max(500).nullish(),
  size: z.number().nullish(),
  url_private_download: z.string().max(3000).nullish(),
  url_private: z.string().max(3000).nullish(),
})

export const messageEventSchema = z.object({
  type: z.string(),
  subtype: z.string().optional(),
  user: z.string().optional(),
  bot_id: z.string().optional(),
  text: z.string().default(''),
  channel: z.string(),
  channel_type: z.string().optional(),
  ts: z.string(),
  thread_ts: z.string().optional(),
  files: z.array(file).max(20).optional(),
})
export type MessageEvent = z.infer<typeof messageEventSchema>

/** A message that was edited: what it says now, and what it said. */
export const editedEventSchema = z.object({
  subtype: z.literal('message_changed'),
  channel: z.string(),
  channel_type: z.string().optional(),
  message: z.object({
    user: z.string().optional(),
    bot_id: z.string().optional(),
    text: z.string().default(''),
    ts: z.string(),
    thread_ts: z.string().optional(),
    edited: z.object({ ts: z.string() }).optional(),
  }),
  previous_message: z.object({ text: z.string().default('') }).optional(),
})

/** A message that was deleted. */
export const deletedEventSchema = z.object({
  subtype: z.literal('message_deleted'),
  channel: z.string(),
  deleted_ts: z.string(),
  previous_message: z.object({ user: z.string().optional(), thread_ts: z.string().optional() }).optional(),
})

export const envelopeSchema = z.object({
  team_id: z.string().optional(),
  event_id: z.string().optional(),
  is_ext_shared_channel: z.boolean().optional(),
})

export const reactionEventSchema = z.object({
  user: z.string(),
  reaction: z.string().max(100),
  item: z.object({ type: z.string(), channel: z.string().optional(), ts: z.string().optional() }),
})

export const commandSchema = z.object({
  team_id: z.string(),
  channel_id: z.string(),
  user_id: z.string(),
  text: z.string().default(''),
  trigger_id: z.string(),
})

export const actionBodySchema = z.object({
  team: z.object({ id: z.string() }).nullish(),
  user: z.object({ id: z.string() }),
  channel: z.object({ id: z.string() }).nullish(),
  message: z.object({ ts: z.string(), thread_ts: z.string().optional() }).nullish(),
  container: z.object({ channel_id: z.string().optional(), thread_ts: z.string().optional(), message_ts: z.string().optional() }).nullish(),
  trigger_id: z.string().optional(),
  actions: z.array(z.object({ action_id: z.string(), value: z.string().max(2000).optional() })).min(1),
})

export const shortcutSchema = z.object({
  team: z.object({ id: z.string() }),
  user: z.object({ id: z.string() }),
  channel: z.object({ id: z.string() }),
  message: z.object({
    ts: z.string(),
    thread_ts: z.string().optional(),
    text: z.string().default(''),
    files: z.array(file).max(20).optional(),
  }),
  trigger_id: z.string().optional(),
  response_url: z.string().optional(),
})

export const runValueSchema = z.object({ run: z.string().max(200) })
export const whichRunValueSchema = z.object({ run: z.string().max(200), text: z.string().max(1000) })
export const answerValueSchema = z.object({ run: z.string().max(200), answers: answersSchema })
export const diagnoseValueSchema = z.object({ run: z.string().max(200), id: experimentIdSchema })
export const cardValueSchema = z.object({ run: z.string().max(200), rank: z.literal([1, 2, 3]) })
export const feedbackValueSchema = z.object({
  run: z.string().max(200),
  feedback: z.enum(['good', 'bad']),
  about: z.enum(['bottleneck', 'figure', 'settings']).optional(),
})
export const whyNotContextSchema = z.object({ run: z.string().max(200), channel: z.string(), threadTs: z.string() })

/** A button's value; null for one that is not ours. */
export function parseValue<T>(schema: z.ZodType<T>, value: string | undefined): T | null {
  return readJsonAs(schema, value ?? '')
}
