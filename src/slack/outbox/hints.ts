import type { WebClient } from '@slack/web-api'
import type { Log } from '../log.ts'

/**
 * What Slack shows beside messages and forgets by itself: a status, prompts to choose from. Best effort, and nothing waits for
 * it.
 */
export class Hints {
  readonly #clientFor: (team: string) => Promise<WebClient>
  readonly #log: Log

  constructor(options: { clientFor: (team: string) => Promise<WebClient>; log: Log }) {
    this.#clientFor = options.clientFor
    this.#log = options.log
  }

  /** "prompts is looking…" under a thread, until something is posted there. */
  async status(place: { team: string; channel: string; threadTs: string }, status: string): Promise<void> {
    await this.#try(place.team, (client) =>
      client.assistant.threads.setStatus({ channel_id: place.channel, thread_ts: place.threadTs, status }),
    )
  }

  /** What is offered for asking in someone's direct messages with us. In an agent's view Slack wants no thread with it. */
  async suggest(place: { team: string; channel: string }, prompts: { title: string; message: string }[]): Promise<void> {
    await this.#try(place.team, (client) => client.assistant.threads.setSuggestedPrompts({ channel_id: place.channel, prompts }))
  }

  async #try(team: string, call: (client: WebClient) => Promise<unknown>): Promise<void> {
    try {
      await call(await this.#clientFor(team))
    } catch (error) {
      this.#log.debug('Slack shows no hint', { team, error: String(error) })
    }
  }
}
