import { PromptsError } from '../errors.ts'
import type { Relay } from './relay.ts'
import type { Person } from './workspace.ts'

/** A file as Slack's events describe it. */
export interface SharedFile {
  id: string
  name: string
  size: number
  url_private: string
  url_private_download: string
}

type StoredFile = { id?: string; name?: string; size?: number; url_private?: string; url_private_download?: string }

/**
 * Uploads files in a message of this person, as Slack's clients do; their addresses are the relay's, where the bot looks for
 * Slack.
 */
export async function share(
  deps: { relay: Relay },
  person: Person,
  where: { channel: string; text: string; thread_ts?: string },
  files: readonly { name: string; content: string }[],
): Promise<{ ts: string; files: SharedFile[] }> {
  const { channel, text, thread_ts } = where
  const answer = await person.client.filesUploadV2({
    channel_id: channel,
    ...(text === '' ? {} : { initial_comment: text }),
    file_uploads: files.map(({ name, content }) => ({ filename: name, content })),
    ...(thread_ts === undefined ? {} : { thread_ts }),
  } as Parameters<typeof person.client.filesUploadV2>[0])
  const ids = new Set(answer.files.flatMap((entry) => entry.files ?? []).map((file) => file.id))
  const place = { channel, limit: 20 }
  const { messages } =
    thread_ts === undefined
      ? await person.client.conversations.history(place)
      : await person.client.conversations.replies({ ...place, ts: thread_ts, limit: 400 })
  const message = messages?.findLast((one) => one.files?.some((file) => ids.has(file.id)) === true) ?? null
  if (message === null) throw new PromptsError('unavailable', 'The emulated Slack did not take the file')
  return { ts: String(message.ts), files: filesOf(deps, message) }
}

/** A message's files with the relay's addresses. */
export function filesOf({ relay }: { relay: Relay }, message: { files?: StoredFile[] }): SharedFile[] {
  const origin = new URL(relay.apiUrl).origin
  const here = (address: string | undefined) => new URL(new URL(address ?? '/', origin).pathname, origin).href
  return (message.files ?? []).map((file) => ({
    id: String(file.id),
    name: String(file.name),
    size: file.size ?? 0,
    url_private: here(file.url_private),
    url_private_download: here(file.url_private_download),
  }))
}
