import { randomBytes } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import { keys } from '../../state/keys.ts'
import type { StateStore } from '../../state/state-store.ts'
import type { Entry, MessageSubject, SentRecord } from './entry.ts'
import { answerDeadlineMs } from './pace.ts'

const day = 24 * 3600_000
const keepEntryMs = 2 * day
const aliveMs = 6000
/** Numbers that order messages outlive every message. */
const keepOrderMs = 3650 * day

/**
 * What the outbox writes down: entries that are still to be sent (by the process that owns them), which keys were tried, and
 * where each message ended up. Another process takes over the entries of one that is not alive any more.
 */
export class EntryStore {
  readonly #state: StateStore
  readonly #clock: Clock
  readonly #keepSentMs: number
  readonly owner = randomBytes(6).toString('hex')

  constructor(state: StateStore, options: { keepDays: number; clock: Clock }) {
    this.#state = state
    this.#clock = options.clock
    this.#keepSentMs = options.keepDays * day
  }

  /** The next number of this workspace's messages: what is asked for later has a higher one, on whatever host. */
  async nextOrder(team: string): Promise<number> {
    return this.#state.increment(keys.order(team, 'messages'), 1, keepOrderMs)
  }

  async save(entry: Entry): Promise<void> {
    await this.#state.set(this.#entryKey(entry), JSON.stringify(entry), keepEntryMs)
  }

  async forget(entry: Entry): Promise<void> {
    if (entry.durable) await this.#state.delete(this.#entryKey(entry))
  }

  /** True for the one process that may send this version of this key now. */
  async lease(entry: Entry, ms: number): Promise<boolean> {
    return this.#state.claim(keys.lease(entry.team, entry.key), ms)
  }

  async release(entry: Entry): Promise<void> {
    await this.#state.release(keys.lease(entry.team, entry.key))
  }

  /** Notes that a post is about to be tried; true if one was tried before and it is not known how that ended. */
  async markTried(entry: Entry): Promise<boolean> {
    return !(await this.#state.claim(keys.tried(entry.team, entry.key), keepEntryMs))
  }

  async expectTried(team: string, key: string): Promise<void> {
    await this.#state.claim(keys.tried(team, key), keepEntryMs)
  }

  async clearTried(entry: Entry): Promise<void> {
    await this.#state.release(keys.tried(entry.team, entry.key))
  }

  async sent(team: string, key: string): Promise<SentRecord | null> {
    const value = await this.#state.get(keys.sent(team, key))
    return value === null ? null : (JSON.parse(value) as SentRecord)
  }

  /** Whether a message is in Slack, or never will be. */
  async isSettled(team: string, key: string): Promise<boolean> {
    return (await this.sent(team, key)) !== null || (await this.#state.get(keys.givenUp(team, key))) !== null
  }

  /** No other message waits for this one any more. */
  async recordGivenUp(entry: Entry): Promise<void> {
    await this.#state.set(keys.givenUp(entry.team, entry.key), '1', keepEntryMs)
  }

  /** Records where a message is and what it stands for. */
  async recordSent(entry: Entry, record: SentRecord, subject: MessageSubject | null): Promise<void> {
    if (subject !== null) await this.#state.set(keys.sentSubject(entry.team, record), JSON.stringify(subject), this.#keepSentMs)
    await this.#state.set(keys.sent(entry.team, entry.key), JSON.stringify(record), this.#keepSentMs)
  }

  /** A message that is there but shows less than anything that is put: a stream. */
  async recordStarted(team: string, key: string, place: Pick<SentRecord, 'channel' | 'ts'>): Promise<void> {
    await this.#state.set(keys.sent(team, key), JSON.stringify({ ...place, version: 0 }), this.#keepSentMs)
  }

  async forgetSent(team: string, key: string): Promise<void> {
    await this.#state.delete(keys.sent(team, key))
    await this.#state.release(keys.tried(team, key))
  }

  async subjectOf(team: string, record: Pick<SentRecord, 'channel' | 'ts'>): Promise<MessageSubject | null> {
    const value = await this.#state.get(keys.sentSubject(team, record))
    return value === null ? null : (JSON.parse(value) as MessageSubject)
  }

  /** Says that this process lives; to be repeated well within six seconds. */
  async heartbeat(): Promise<void> {
    await this.#state.set(keys.sender(this.owner), String(this.#clock.now()), keepEntryMs)
    await this.#state.set(keys.senderAlive(this.owner), '1', aliveMs)
  }

  async retire(): Promise<void> {
    await this.#state.delete(keys.senderAlive(this.owner))
  }

  /**
   * Hands over the entries of processes that are no more, some at a time; they are this one's from then on. `all` also takes
   * those of owners that seem alive (nobody else can be).
   */
  async takeOver(options: { all: boolean }, onTaken: (entries: Entry[]) => Promise<void>): Promise<void> {
    for (const { key } of await this.#state.list(keys.senders, 1000)) {
      const owner = key.slice(keys.senders.length)
      if (owner === this.owner) continue
      if (!options.all && (await this.#state.get(keys.senderAlive(owner))) !== null) continue
      if (!(await this.#state.claim(keys.senderTakenOver(owner), 60_000))) continue
      for (;;) {
        const found = await this.#state.list(keys.outbox(owner), 40)
        if (found.length === 0) break
        const taken = found.map(({ value }) => this.#anew(JSON.parse(value) as Entry))
        await Promise.all(taken.map((entry) => this.save(entry)))
        // the dead process may have held their leases
        await Promise.all(taken.map((entry) => this.release(entry)))
        await Promise.all(found.map(({ key: old }) => this.#state.delete(old)))
        await onTaken(taken)
      }
      await this.#state.delete(key)
    }
  }

  /** The dead process's clock may have been another host's: what it wrote is wanted as long again, by this one's. */
  #anew(entry: Entry): Entry {
    return { ...entry, deadlineAt: this.#clock.now() + (entry.lifeMs ?? answerDeadlineMs) }
  }

  #entryKey(entry: Entry): string {
    return `${keys.outbox(this.owner)}${entry.team}/${entry.key}/${entry.version}`
  }
}
