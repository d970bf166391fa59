import type { App, Context } from '@slack/bolt'
import type { WebClient } from '@slack/web-api'
import { asPromptsError } from '../../errors.ts'
import { keys } from '../../state/keys.ts'
import { readAsk } from '../../thread/read-ask.ts'
import { errorMessage } from '../blocks/notice-messages.ts'
import { handleFollowUp, readInThread } from '../follow-ups/handle-follow-up.ts'
import { replyToLine } from '../lines/answer-line.ts'
import { replayFlag } from '../receivers/inbox.ts'
import { type Asker, checkAsker } from '../requests/access.ts'
import { handleAsk } from '../requests/handle-ask.ts'
import type { SlackServices } from '../services.ts'
import { isAllowedBot, readBotMention, tellBotOwner } from './bots.ts'
import { askedByEdit, stopDeleted } from './edits.ts'
import { guarded } from './guard.ts'
import { envelopeSchema, type MessageEvent, messageEventSchema } from './payloads.ts'

const claimMs = 24 * 3600_000

interface Delivered {
  services: SlackServices
  event: unknown
  body: unknown
  context: Context
  client: WebClient
}

/** Mentions, direct messages, and follow-ups in threads of ours. */
export function listenToMessages(app: App, services: SlackServices): void {
  app.event('app_mention', async ({ event, body, context, client }) => onMention({ services, event, body, context, client }))
  app.event('message', async ({ event, body, context, client }) => onMessage({ services, event, body, context, client }))
}

async function onMention(delivered: Delivered): Promise<void> {
  const message = readMessage(delivered.event)
  if (message !== null) return ask(delivered, message)
  const mention = readBotMention(delivered.event)
  if (mention === null || mention.user === delivered.context.botUserId) return
  if (isAllowedBot(delivered.services, mention)) return ask(delivered, { ...mention, user: mention.user ?? mention.bot_id })
  await tellBotOwner(delivered.services, teamOf(delivered), mention)
}

async function onMessage(delivered: Delivered): Promise<void> {
  const bot = delivered.context.botUserId
  const edit = askedByEdit(delivered.event, bot)
  if (edit !== null) return ask(delivered, edit.message, edit.editTs)
  if (await stopDeleted(delivered.services, delivered.event, teamOf(delivered))) return
  const message = readMessage(delivered.event)
  if (message === null) return
  // in a group's direct messages there may be no app_mention; the one that comes twice is answered once
  if (message.channel_type === 'mpim' && bot !== undefined && message.text.includes(`<@${bot}>`)) return ask(delivered, message)
  if (message.channel_type === 'im') return ask(delivered, message)
  // a mention comes as app_mention too
  if (bot !== undefined && message.text.includes(`<@${bot}>`)) return
  if (message.thread_ts === undefined) return
  await followUp(delivered, message, message.thread_ts)
}

/** A person's own message; edits, joins, bots and our own are none. A file may come with it. */
function readMessage(event: unknown): (MessageEvent & { user: string }) | null {
  const parsed = messageEventSchema.safeParse(event)
  if (!parsed.success) return null
  const { user, bot_id, subtype } = parsed.data
  // Slackbot's reminders and notices come as a person's would
  if (
    user === undefined ||
    user === 'USLACKBOT' ||
    bot_id !== undefined ||
    (subtype !== undefined && subtype !== 'file_share' && subtype !== 'thread_broadcast')
  )
    return null
  return { ...parsed.data, user }
}

function teamOf({ body, context }: Delivered): string {
  return envelopeSchema.parse(body).team_id ?? context.teamId ?? ''
}

/** @param editTs When the message was edited into asking this: it counts as a message of its own. */
async function ask(delivered: Delivered, message: MessageEvent & { user: string }, editTs: string | null = null): Promise<void> {
  const { services, client } = delivered
  const envelope = envelopeSchema.parse(delivered.body)
  const team = teamOf(delivered)
  const askTs = editTs === null ? message.ts : `${message.ts}/${editTs}`
  const threadTs = message.thread_ts ?? message.ts
  await guarded(services, 'a mention', { team, channel: message.channel, threadTs, user: null }, async () => {
    if (!(await isFirst(delivered, team, { ...message, ts: askTs }, envelope.event_id))) return
    const bot = message.bot_id === undefined ? {} : { bot: message.bot_id }
    await handleAsk(services, {
      client,
      asker: { team, channel: message.channel, user: message.user, isSharedChannel: envelope.is_ext_shared_channel, ...bot },
      text: message.text,
      files: message.files,
      threadTs,
      askTs,
      eyesTs: message.ts,
      inThread: message.thread_ts !== undefined,
    })
  })
}

async function followUp(delivered: Delivered, message: MessageEvent & { user: string }, threadTs: string): Promise<void> {
  const { services } = delivered
  const envelope = envelopeSchema.parse(delivered.body)
  const team = teamOf(delivered)
  const runs = await services.records.threadRuns(team, message.channel, threadTs)
  const asker = { team, channel: message.channel, user: message.user, isSharedChannel: envelope.is_ext_shared_channel }
  if (runs.length === 0) return lineFollowUp(delivered, { message, asker, threadTs })
  const said = { asker, threadTs, askTs: message.ts, runs, text: message.text, addressed: false }
  if ((await readInThread(services, said)) === null) return
  await guarded(services, 'a follow-up', { team, channel: message.channel, threadTs, user: null }, async () => {
    if (!(await isFirst(delivered, team, message, envelope.event_id))) return
    if (await mayFollowUp(delivered, asker, threadTs, message.ts)) await handleFollowUp(services, said)
  })
}

/** A reply in the thread of a job of one line that says something else of it. */
async function lineFollowUp(
  delivered: Delivered,
  { message, asker, threadTs }: { message: MessageEvent; asker: Asker; threadTs: string },
): Promise<void> {
  const { services } = delivered
  const { team, channel } = asker
  const place = { team, channel, threadTs }
  const text = readAsk(message.text).text
  if ((await replyToLine(services, place, { text, addressed: false })) === null) return
  await guarded(services, 'a reply to a job of one line', { ...place, user: null }, async () => {
    if (!(await isFirst(delivered, team, message, envelopeSchema.parse(delivered.body).event_id))) return
    if (!(await mayFollowUp(delivered, asker, threadTs, message.ts))) return
    const answer = await replyToLine(services, place, { text, addressed: false })
    if (answer === null) return
    const key = `reply/${channel}/${message.ts}`
    const said = await answer().catch((thrown) => errorMessage(asPromptsError(thrown)))
    await services.outbox.put({ team, key, channel, threadTs, message: said })
  })
}

/** Guests and shared channels may not ask here either; only who asked is told. */
async function mayFollowUp({ services, client }: Delivered, asker: Asker, threadTs: string, askTs: string): Promise<boolean> {
  try {
    await checkAsker(services.deps, client, asker)
    return true
  } catch (thrown) {
    const { team, channel, user } = asker
    const key = `refused/${channel}/${askTs}`
    await services.outbox.whisper({ team, key, channel, threadTs, user, message: errorMessage(asPromptsError(thrown)) })
    return false
  }
}

/**
 * Whether this delivery is the first of this event and of this message. Both are asked: Slack sends an event again under its id,
 * and a mention in a thread comes as two events with ids of their own. What our own inbox delivers again counts as first.
 */
async function isFirst(delivered: Delivered, team: string, message: MessageEvent, eventId: string | undefined): Promise<boolean> {
  if (delivered.context[replayFlag] === true) return true
  const { state } = delivered.services.deps
  if (eventId !== undefined && !(await state.claim(keys.event(eventId), claimMs))) return false
  return state.claim(keys.message({ team, channel: message.channel, ts: message.ts }), claimMs)
}
