import type { App, RespondFn } from '@slack/bolt'
import type { WebClient } from '@slack/web-api'
import { asPromptsError, PromptsError } from '../../errors.ts'
import { readAsk } from '../../thread/read-ask.ts'
import { type Message, message, section } from '../blocks/message.ts'
import { errorMessage } from '../blocks/notice-messages.ts'
import { escapeCode } from '../blocks/text.ts'
import { lineAsked } from '../lines/line-asked.ts'
import { type Asker, checkAsker } from '../requests/access.ts'
import { forgetAsked } from '../requests/forget.ts'
import { handleAsk, help } from '../requests/handle-ask.ts'
import type { SlackServices } from '../services.ts'
import { commandSchema, shortcutSchema } from './payloads.ts'

const anchorMs = 60_000

/** `/prompts …` and the message shortcut "Diagnose this experiment". */
export function listenToCommands(app: App, services: SlackServices): void {
  app.command('/prompts', async ({ ack, command, client, respond }) => {
    await ack()
    const parsed = commandSchema.safeParse(command)
    if (!parsed.success) return
    const { team_id: team, channel_id: channel, user_id: user, text, trigger_id } = parsed.data
    const asker = { team, channel, user, isSharedChannel: undefined }
    const tellAlone = privately(services, asker, { respond, id: trigger_id })
    try {
      const ask = readAsk(text)
      const { lineJobs } = services.deps
      const isLine = lineJobs !== undefined && lineAsked(ask.text, lineJobs) !== null
      const wants =
        isLine || ask.verb === 'cases' || ((ask.verb === 'diagnose' || ask.verb === 'plan' || ask.verb === null) && ask.ids.length > 0)
      await checkAsker(services.deps, client, asker)
      if (ask.verb === 'forget') {
        await tellAlone(await forgetAsked(services, asker, ask.ids))
        return
      }
      if (!wants) {
        const asked = { client, asker, text, files: [], threadTs: '', askTs: trigger_id, eyesTs: null, inThread: false }
        await tellAlone(await help(services, asked))
        return
      }
      await assertInChannel(client, channel)
      // a command has no message of its own: this one is the root of the thread that the answer goes to
      const asked = `<@${user}> asked: \`${escapeCode(`/prompts ${text}`, 500)}\``
      const anchor = await services.outbox.putAndWait(
        { team, key: `command/${channel}/${trigger_id}`, channel, threadTs: null, message: message(asked, [section(asked)]) },
        anchorMs,
      )
      await handleAsk(services, {
        client,
        asker,
        text,
        files: [],
        threadTs: anchor.ts,
        askTs: anchor.ts,
        eyesTs: anchor.ts,
        inThread: false,
      })
    } catch (thrown) {
      const error = asPromptsError(thrown)
      services.deps.log.warn('a command failed', { id: error.id, code: error.code, message: error.message })
      await tellAlone(errorMessage(error))
    }
  })

  app.shortcut('diagnose_message', async ({ ack, shortcut, client, respond }) => {
    await ack()
    const parsed = shortcutSchema.safeParse(shortcut)
    if (!parsed.success) return
    const { team, channel, user, message: about } = parsed.data
    const asker = { team: team.id, channel: channel.id, user: user.id, isSharedChannel: undefined }
    const threadTs = about.thread_ts ?? about.ts
    const tellAlone = privately(services, asker, { respond, id: parsed.data.trigger_id ?? about.ts })
    try {
      // whether the bot can post there is known only by asking: a message shortcut works in every channel
      await assertInChannel(client, channel.id)
      const text = about.text.trim() === '' ? 'diagnose' : `diagnose ${about.text}`
      // pressed again it is asked again, though the message was answered before
      const askTs = `${about.ts}/${parsed.data.trigger_id ?? ''}`
      await handleAsk(services, { client, asker, text, files: about.files, threadTs, askTs, eyesTs: about.ts, inThread: false })
    } catch (thrown) {
      const error = asPromptsError(thrown)
      services.deps.log.warn('a shortcut failed', { id: error.id, code: error.code, message: error.message })
      await tellAlone(errorMessage(error))
    }
  })
}

/**
 * Answers one person alone: where Slack says, and where a payload names no such place, with a message in the channel that they
 * alone see.
 */
function privately(services: SlackServices, asker: Asker, { respond, id }: { respond: RespondFn | undefined; id: string }) {
  const { team, channel, user } = asker
  return async (answer: Message): Promise<void> => {
    if (respond) await respond({ response_type: 'ephemeral', text: answer.text, blocks: answer.blocks })
    else await services.outbox.whisper({ team, key: `alone/${channel}/${user}/${id}`, channel, user, threadTs: null, message: answer })
  }
}

async function assertInChannel(client: WebClient, channel: string): Promise<void> {
  try {
    const { channel: info } = await client.conversations.info({ channel })
    if (info?.is_member !== false || channel.startsWith('D')) return
  } catch (thrown) {
    const code = (thrown as { data?: { error?: string } }).data?.error
    if (code !== 'channel_not_found' && code !== 'not_in_channel') return
  }
  throw new PromptsError('not_allowed', 'I am not in this channel', { hint: 'Invite me with /invite @prompts, then try again.' })
}
