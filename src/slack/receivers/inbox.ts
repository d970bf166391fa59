import { randomBytes } from 'node:crypto'
import type { ReceiverEvent } from '@slack/bolt'
import type { StateStore } from '../../state/state-store.ts'
import type { Log } from '../log.ts'

const keepMs = 24 * 3600_000
const staleMs = 60_000
const maxReplays = 3

/** Set on what is delivered again by us, not by Slack: claims on the delivery do not count for it. */
export const replayFlag = 'promptsReplay'

/**
 * Bolt acks an event before its listeners run, and Slack does not send again what was acked. So each delivery is written down before the
 * ack and crossed out when its listeners are done; what a process that died left is handled again. Listeners are idempotent.
 */
export class Inbox {
  readonly #state: StateStore
  readonly #log: Log

  constructor(state: StateStore, log: Log) {
    this.#state = state
    this.#log = log
  }

  /** @throws what the store throws: then Slack gets no ack and sends the event again. */
  async process(event: ReceiverEvent, next: (event: ReceiverEvent) => Promise<void>): Promise<void> {
    const key = `inbox:${Date.now()}-${deliveryId(event.body)}`
    // Slack's old verification token is a secret that nothing here needs
    const { token: _secret, ...body } = event.body
    await this.#state.set(key, JSON.stringify(body), keepMs)
    await next(event)
    await this.#state.delete(key)
  }

  /** Handles again what was left: all of it, or only what is a minute old and so no other process' present work. */
  async replay(next: (event: ReceiverEvent) => Promise<void>, options: { all: boolean }): Promise<number> {
    let count = 0
    for (const { key, value } of await this.#state.list('inbox:', 1000)) {
      const at = Number(key.slice('inbox:'.length).split('-')[0])
      if (!options.all && Date.now() - at < staleMs) continue
      if (!(await this.#state.claim(`replaying:${key}`, staleMs))) continue
      const tries = await this.#state.increment(`replays:${key}`, 1, keepMs)
      if (tries > maxReplays) {
        this.#log.error('gave a delivery up', { key, tries })
        await this.#state.delete(key)
        continue
      }
      count += 1
      await next({ body: JSON.parse(value), ack: async () => {}, customProperties: { [replayFlag]: true } })
      await this.#state.delete(key)
    }
    return count
  }
}

function deliveryId(body: Record<string, unknown>): string {
  const id = body.event_id ?? body.trigger_id
  return typeof id === 'string' ? id : randomBytes(8).toString('hex')
}
