import { randomUUID } from 'node:crypto'
import type { Forwarder } from '../slack/forwarder.ts'
import { botUser, type Workspace } from '../slack/workspace.ts'

/** What Slack waits before the second and third try of a delivery that was not acked. */
const retriesMs = [0, 1000, 60_000, 300_000]

/**
 * A mention in a channel that is posted and delivered as Slack does, with its retries. @returns Its ts, and the try that was
 * acked (0: none).
 */
export async function ask(
  { slack, forwarder }: { slack: Workspace; forwarder: Forwarder },
  input: { person: number; channel: string; text: string; retryMs?: readonly number[] },
): Promise<{ ts: string; acked: Promise<number> }> {
  const { person, channel } = input
  const text = `<@${botUser}> ${input.text}`
  const ts = String((await slack.person(person).chat.postMessage({ channel, text })).ts)
  const event = { type: 'app_mention', user: slack.users[person], text, channel, ts }
  const eventId = `Ev${randomUUID()}`
  const deliver = async () => {
    for (const [at, wait] of (input.retryMs ?? retriesMs).entries()) {
      await new Promise((resolve) => setTimeout(resolve, wait))
      const status = await forwarder.event(event, { eventId, retry: at }).catch(() => 0)
      if (status === 200) return at + 1
    }
    return 0
  }
  return { ts, acked: deliver() }
}
