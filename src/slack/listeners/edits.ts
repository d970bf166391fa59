import { readAsk } from '../../thread/read-ask.ts'
import { cancelRun } from '../runs/cancel-run.ts'
import type { SlackServices } from '../services.ts'
import { deletedEventSchema, editedEventSchema, type MessageEvent } from './payloads.ts'

/** A mention that was edited, as the message that it has become; null where the edit asks for nothing new. */
export function askedByEdit(event: unknown, bot: string | undefined): { message: MessageEvent & { user: string }; editTs: string } | null {
  const parsed = editedEventSchema.safeParse(event)
  if (!parsed.success || bot === undefined) return null
  const { channel, channel_type, message, previous_message: previous } = parsed.data
  const { user, text, ts, thread_ts, edited } = message
  const addressed = text.includes(`<@${bot}>`) || channel_type === 'im'
  if (user === undefined || user === bot || message.bot_id !== undefined || edited === undefined || !addressed) return null
  const before = new Set(readAsk(previous?.text ?? '').ids)
  const added = readAsk(text).ids.filter((id) => !before.has(id))
  if (added.length === 0) return null
  const asked = {
    type: 'message',
    user,
    text: `diagnose ${added.join(' ')}`,
    channel,
    ts,
    ...(thread_ts === undefined ? {} : { thread_ts }),
  }
  return { message: { ...asked, ...(channel_type === undefined ? {} : { channel_type }) }, editTs: edited.ts }
}

/** A deleted mention: the runs that it asked for stop, unless others wait for them too. */
export async function stopDeleted(services: SlackServices, event: unknown, team: string): Promise<boolean> {
  const parsed = deletedEventSchema.safeParse(event)
  if (!parsed.success) return false
  const { channel, deleted_ts: deleted, previous_message: previous } = parsed.data
  const threadTs = previous?.thread_ts ?? deleted
  const { records } = services
  for (const run of await records.threadRuns(team, channel, threadTs)) {
    if ((await records.ended(run)) !== null) continue
    const watcher = (await records.watchers(run)).find((one) => one.channel === channel && one.askTs === deleted)
    if (watcher === undefined) continue
    await cancelRun(services, { run, by: previous?.user ?? watcher.user, team, channel, threadTs: watcher.threadTs })
  }
  return true
}
