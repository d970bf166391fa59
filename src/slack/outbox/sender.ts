import type { WebClient } from '@slack/web-api'
import type { Clock } from '../../clock.ts'
import { keys } from '../../state/keys.ts'
import type { StateStore } from '../../state/state-store.ts'
import { fallbackOf, hasNewBlocks } from '../blocks/fallback.ts'
import type { Message } from '../blocks/message.ts'
import type { Entry, MessageSubject, Op, SentRecord } from './entry.ts'
import type { EntryStore } from './entry-store.ts'
import { findByMetadata } from './find-by-metadata.ts'
import type { LaneKind } from './pace.ts'

/** Event type of the metadata on each message of ours. */
export const metadataType = 'prompts_message'
const reactionMs = 24 * 3600_000
const refusalMs = 24 * 3600_000

export interface SenderOptions {
  state: StateStore
  clock: Clock
  entries: EntryStore
  clientFor: (team: string) => Promise<WebClient>
  onRecorded: (entry: Entry, record: SentRecord, subject: MessageSubject | null) => Promise<void>
}

/** The calls to Slack, one an entry; knows what was sent already, and asks Slack where it does not. */
export class Sender {
  readonly #options: SenderOptions

  constructor(options: SenderOptions) {
    this.#options = options
  }

  /** `edit_instead`: the message is there by now, and this entry is an edit of it. Throws what Slack's client throws. */
  async send(kind: LaneKind, entry: Entry): Promise<'sent' | 'edit_instead'> {
    const client = await this.#options.clientFor(entry.team)
    const { op } = entry
    switch (op.kind) {
      case 'react':
        await this.#react(client, op)
        return 'sent'
      case 'whisper': {
        const where = { channel: op.channel, user: op.user, ...threadOf(op.threadTs) }
        await client.chat.postEphemeral({ ...where, ...(await this.#shaped(entry, op.message)) })
        await this.#noteTaken(entry, op.message)
        return 'sent'
      }
      case 'home':
        await client.views.publish({ user_id: op.user, view: op.view as never })
        return 'sent'
      case 'put': {
        const record = await this.#options.entries.sent(entry.team, entry.key)
        if (record !== null && kind === 'post') return 'edit_instead'
        if (record === null) return this.#post(client, entry, op)
        if (record.version < entry.version) await this.#edit(client, entry, record)
        return 'sent'
      }
    }
  }

  /** Whether a reaction is still to be added: not when it is to be taken away again, by whichever process. */
  async isReactionWanted(op: Extract<Op, { kind: 'react' }>): Promise<boolean> {
    return !op.add || (await this.#options.state.get(keys.unreact(op))) === null
  }

  /** Notes that a reaction is not wanted any more; true if it is there to be taken away. */
  async unwantReaction(op: Extract<Op, { kind: 'react' }>): Promise<boolean> {
    await this.#options.state.set(keys.unreact(op), '1', reactionMs)
    return (await this.#options.state.get(keys.reacted(op))) !== null
  }

  async #react(client: WebClient, op: Extract<Op, { kind: 'react' }>): Promise<void> {
    const call = { channel: op.channel, timestamp: op.ts, name: op.name }
    if (op.add) {
      await client.reactions.add(call)
      await this.#options.state.set(keys.reacted(op), '1', reactionMs)
      // taken back in this moment by a process that did not see it yet
      if (await this.isReactionWanted(op)) return
    }
    await client.reactions.remove(call)
    await this.#options.state.delete(keys.reacted(op))
  }

  /** As it may be sent: a workspace that refused the newest blocks today gets the older ones at once. */
  async #shaped(entry: Entry, message: Message): Promise<Message> {
    if (entry.fallbackLevel === 0 && hasNewBlocks(message) && (await this.#options.state.get(keys.refusesNewBlocks(entry.team))) !== null)
      entry.fallbackLevel = 1
    return fallbackOf(message, entry.fallbackLevel)
  }

  /** Slack took the older blocks where it had refused the newest: known for a day, then they are tried again. */
  async #noteTaken(entry: Entry, message: Message): Promise<void> {
    if (entry.fallbackLevel !== 1 || !hasNewBlocks(message)) return
    await this.#options.state.setIfAbsent(keys.refusesNewBlocks(entry.team), '1', refusalMs)
  }

  async #post(client: WebClient, entry: Entry, op: Extract<Op, { kind: 'put' }>): Promise<'sent' | 'edit_instead'> {
    if (await this.#options.entries.markTried(entry)) {
      entry.uncertain = true
      const found = await findByMetadata(client, { channel: op.channel, threadTs: op.threadTs, key: entry.key, type: metadataType })
      if (found !== null) {
        await this.#options.onRecorded(entry, { channel: op.channel, ...found }, op.subject)
        // an edit has its own limit and so its own lane
        return found.version < entry.version ? 'edit_instead' : 'sent'
      }
    }
    entry.requestedAt = this.#options.clock.now()
    const answer = await client.chat.postMessage({
      channel: op.channel,
      ...threadOf(op.threadTs),
      ...(await this.#shaped(entry, op.message)),
      metadata: { event_type: metadataType, event_payload: { key: entry.key, version: entry.version, ...(op.subject ?? {}) } },
      unfurl_links: false,
      unfurl_media: false,
    } as never)
    entry.answeredAt = this.#options.clock.now()
    await this.#noteTaken(entry, op.message)
    await this.#options.onRecorded(
      entry,
      { channel: answer.channel ?? op.channel, ts: String(answer.ts), version: entry.version },
      op.subject,
    )
    return 'sent'
  }

  async #edit(client: WebClient, entry: Entry, record: SentRecord): Promise<void> {
    if (entry.op.kind !== 'put') return
    const { message } = entry.op
    await client.chat.update({ channel: record.channel, ts: record.ts, ...(await this.#shaped(entry, message)) })
    await this.#noteTaken(entry, message)
    await this.#options.entries.recordSent(entry, { ...record, version: entry.version }, null)
  }
}

function threadOf(threadTs: string | null): { thread_ts?: string } {
  return threadTs === null ? {} : { thread_ts: threadTs }
}
