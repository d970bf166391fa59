import type { WebClient } from '@slack/web-api'

/**
 * The message with this key in its metadata and the version of what it shows, or null. The second line of defence against double
 * posts, asked only when a post was tried and its end is not known: in some workspaces this method is allowed once a minute, 15
 * messages.
 */
export async function findByMetadata(
  client: WebClient,
  where: { channel: string; threadTs: string | null; key: string; type: string },
): Promise<{ ts: string; version: number } | null> {
  let cursor: string | undefined
  for (let page = 0; page < 10; page += 1) {
    const paging = { channel: where.channel, include_all_metadata: true, limit: 100, ...(cursor === undefined ? {} : { cursor }) }
    const found =
      where.threadTs === null
        ? await client.conversations.history(paging)
        : await client.conversations.replies({ ...paging, ts: where.threadTs })
    for (const message of (found.messages ?? []) as {
      ts?: string
      metadata?: { event_type?: string; event_payload?: { key?: unknown; version?: unknown } }
    }[]) {
      if (message.metadata?.event_type === where.type && message.metadata.event_payload?.key === where.key && message.ts !== undefined) {
        return { ts: message.ts, version: Number(message.metadata.event_payload.version) || 0 }
      }
    }
    cursor = found.response_metadata?.next_cursor
    if (cursor === undefined || cursor === '') return null
  }
  return null
}
