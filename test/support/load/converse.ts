import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Forwarder } from '../slack/forwarder.ts'
import { botUser, printThread, type ThreadMessage, type Workspace } from '../slack/workspace.ts'

const stepMs = 120_000
const retryMs = 1000

export interface ConverseInput {
  slack: Workspace
  forwarder: Forwarder
  /** One of its own, so that what is said here is not in the way of what is measured. */
  channel: string
  experiment: string
}

/**
 * The whole conversation of one diagnosis, as two people have it, whatever happens to the bot meanwhile: the question, adopting
 * by reaction, a change of mind, taking back, a follow-up, an outcome. What is not acked is sent again.
 * @returns What went wrong, in words; nothing where each step got its one answer.
 */
export async function converse({ slack, forwarder, channel, experiment }: ConverseInput): Promise<string[]> {
  const deliver = async (event: Record<string, unknown>) => {
    const eventId = `Ev${randomUUID()}`
    for (let retry = 0; retry < 60; retry += 1) {
      if ((await forwarder.event(event, { eventId, retry }).catch(() => 0)) === 200) return
      await sleep(retryMs)
    }
    throw new Error('no ack for a minute')
  }
  const say = async (person: number, text: string, thread?: string) => {
    const where = { channel, text, ...(thread === undefined ? {} : { thread_ts: thread }) }
    const ts = String((await slack.person(person).chat.postMessage(where)).ts)
    const event = { user: slack.users[person], ts, ...where }
    if (text.includes(botUser)) await deliver({ type: 'app_mention', ...event })
    await deliver({ type: 'message', channel_type: 'channel', ...event })
    return ts
  }
  const react = async (person: number, ts: string, name: string, added: boolean) => {
    const call = { channel, timestamp: ts, name }
    await (added ? slack.person(person).reactions.add(call) : slack.person(person).reactions.remove(call))
    const item = { type: 'message', channel, ts }
    await deliver({ type: added ? 'reaction_added' : 'reaction_removed', user: slack.users[person], reaction: name, item })
  }
  try {
    const root = await say(0, `<@${botUser}> diagnose ${experiment}`)
    const answers = async () => (await slack.answers(channel, root)).filter((one) => !keyOf(one).endsWith('/verdicts'))
    const until = async (what: string, holds: (found: ThreadMessage[]) => boolean) => {
      const end = Date.now() + stepMs
      while (Date.now() < end) {
        const found = await answers()
        if (holds(found)) return found
        await sleep(200)
      }
      throw new Error(`no ${what} in ${stepMs / 1000} s; the thread: ${(await answers()).map((one) => one.text).join(' | ')}`)
    }
    const last = (words: string) => (found: ThreadMessage[]) => found.some((one) => printThread([one]).includes(words))
    const [summary, card1] = await until('three cards', (found) => found.length >= 4)
    await react(0, card1!.ts, 'white_check_mark', true)
    await until('adoption', last('adopted card 1'))
    await react(1, summary!.ts, 'two', true)
    await until('change of mind', last('adopted card 2 instead of card 1'))
    await react(1, summary!.ts, 'two', false)
    await until('way back', last('took card 2 back'))
    await say(1, 'why not model=8?', root)
    await until('follow-up', last('model=8 moves'))
    await say(0, 'it ran at 22.9 s', root)
    await until('offer', last('Record 22.9 s per step'))
    await say(0, 'yes', root)
    const whole = await until('outcome', last('28.9 s → 22.9 s'))
    const names = whole.map((one) =>
      keyOf(one)
        .replace(/^.*\/(?=root|card|adoption)/, '')
        .replace(/^reply\/.*/, 'reply')
        .replace(/^offer\/.*/, 'offer'),
    )
    const expected = ['root', 'card1', 'card2', 'card3', 'adoption/1', 'adoption/2', 'adoption/3', 'reply', 'offer']
    return names.join(' ') === expected.join(' ') ? [] : [`${experiment}: ${names.join(' ')}`]
  } catch (error) {
    return [`${experiment}: ${error instanceof Error ? error.message : String(error)}`]
  }
}

function keyOf(message: ThreadMessage): string {
  return String(message.metadata?.event_payload?.key)
}
