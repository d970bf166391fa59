import { keys } from '../../state/keys.ts'
import { context, message, section } from '../blocks/message.ts'
import { escapeCode } from '../blocks/text.ts'
import type { SlackServices } from '../services.ts'
import { type MessageEvent, messageEventSchema } from './payloads.ts'

const day = 24 * 3600_000

/** A mention by another bot or a workflow. */
export function readBotMention(event: unknown): (MessageEvent & { bot_id: string }) | null {
  const parsed = messageEventSchema.safeParse(event)
  if (!parsed.success || parsed.data.bot_id === undefined) return null
  return { ...parsed.data, bot_id: parsed.data.bot_id }
}

/** Whether the operator lets this bot or workflow ask. */
export function isAllowedBot({ deps }: SlackServices, { bot_id: bot, user }: MessageEvent & { bot_id: string }): boolean {
  const allowed = deps.config.PROMPTS_BOTS
  return allowed.includes(bot) || (user !== undefined && allowed.includes(user))
}

/** Says once a day in the thread how whoever runs that bot can have it answered. */
export async function tellBotOwner(services: SlackServices, team: string, mention: MessageEvent & { bot_id: string }): Promise<void> {
  const { channel, bot_id: bot } = mention
  if (!(await services.deps.state.claim(keys.botTold(team, channel, bot), day))) return
  const text = 'A bot or workflow mentioned me. I answer people; an admin can let this one ask too.'
  const how = `PROMPTS_BOTS=${bot}`
  await services.outbox.put({
    team,
    key: `bot/${channel}/${mention.ts}`,
    channel,
    threadTs: mention.thread_ts ?? mention.ts,
    message: message(text, [section(text), context(`In the bot's settings: \`${escapeCode(how, 100)}\` (docs/settings.md)`)]),
  })
}
