import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReceiverEvent } from '@slack/bolt'
import type { Clock } from '../../clock.ts'
import { keys } from '../../state/keys.ts'
import type { StateStore } from '../../state/state-store.ts'
import type { Log } from '../log.ts'

const keepMs = 24 * 3600_000
/** A delivery is held by the process that handles it, renewed while it lives; what nobody holds is handled again. */
const heldMs = 6000
const renewMs = 2000
const maxReplays = 3
/** What the store refuses is tried again for two minutes, so many deliveries at once; the others are Slack's to send again. */
const betweenWritesMs = 1000
const writeTries = 120
const mostUnwritten = 200

/** Set on what is delivered again by us, not by Slack: claims on the delivery do not count for it. */
export const replayFlag = 'promptsReplay'

/**
 * Bolt acks an event before its listeners run, and Slack does not send again what was acked. So each delivery is written down
 * before the ack and crossed out when its listeners are done; what a process that died left is handled again. Listeners are
 * idempotent.
 */
export class Inbox {
  readonly #state: StateStore
  readonly #log: Log
  readonly #clock: Clock
  /** What this process is handling: its own, even where a busy loop let the hold run out. */
  readonly #handling = new Set<string>()
  #unwritten = 0

  constructor(state: StateStore, log: Log, clock: Clock) {
    this.#state = state
    this.#log = log
    this.#clock = clock
  }

  /** @throws what the store throws: then Slack gets no ack and sends the event again. */
  async process(event: ReceiverEvent, next: (event: ReceiverEvent) => Promise<void>): Promise<void> {
    const key = keys.delivery(`${deliveryId(event.body)}-${randomBytes(4).toString('hex')}`)
    // Slack's old verification token is a secret that nothing here needs
    const { token: _secret, ...body } = event.body
    try {
      await this.#write(key, body)
    } catch (error) {
      // Slack sends it again only after a minute: it is tried here until then, and whoever comes first handles it
      void this.#writeLater(key, body, next)
      throw error
    }
    await this.#handle(key, () => next(event))
  }

  async #write(key: string, body: Record<string, unknown>): Promise<void> {
    await this.#state.claim(keys.deliveryHeld(key), heldMs)
    await this.#state.set(key, JSON.stringify(body), keepMs)
  }

  async #writeLater(key: string, body: Record<string, unknown>, next: (event: ReceiverEvent) => Promise<void>): Promise<void> {
    if (this.#unwritten >= mostUnwritten) return
    this.#unwritten += 1
    try {
      for (let tries = 0; tries < writeTries; tries += 1) {
        await sleep(betweenWritesMs, undefined, { ref: false })
        const isWritten = await this.#write(key, body).then(
          () => true,
          () => false,
        )
        if (!isWritten) continue
        await this.#handle(key, () => next({ body, ack: async () => {} }))
        return
      }
    } catch (error) {
      this.#log.warn('a delivery that could not be written down at first was not handled; Slack sends it again', { error: String(error) })
    } finally {
      this.#unwritten -= 1
    }
  }

  /** Handles again what was left: all of it, or only what no living process holds. */
  async replay(next: (event: ReceiverEvent) => Promise<void>, options: { all: boolean }): Promise<number> {
    let count = 0
    for (const { key, value } of await this.#state.list(keys.inbox, 1000)) {
      if (this.#handling.has(key)) continue
      if (options.all) await this.#state.release(keys.deliveryHeld(key))
      if (!(await this.#state.claim(keys.deliveryHeld(key), heldMs))) continue
      const tries = await this.#state.increment(keys.deliveryTries(key), 1, keepMs)
      if (tries > maxReplays) {
        this.#log.error('giving up on a delivery', { key, tries })
        await this.#state.delete(key)
        continue
      }
      count += 1
      await this.#handle(key, () => next({ body: JSON.parse(value), ack: async () => {}, customProperties: { [replayFlag]: true } }))
    }
    return count
  }

  /** Holds a delivery while it is handled, and crosses it out when it is. */
  async #handle(key: string, work: () => Promise<void>): Promise<void> {
    this.#handling.add(key)
    const stopRenewing = this.#clock.every(renewMs, () => {
      this.#state.set(keys.deliveryHeld(key), '1', heldMs).catch(() => {})
    })
    try {
      await work()
      await this.#state.delete(key)
    } finally {
      stopRenewing()
      this.#handling.delete(key)
      await this.#state.release(keys.deliveryHeld(key)).catch(() => {})
    }
  }
}

function deliveryId(body: Record<string, unknown>): string {
  const id = body.event_id ?? body.trigger_id
  return typeof id === 'string' ? id : randomBytes(8).toString('hex')
}
