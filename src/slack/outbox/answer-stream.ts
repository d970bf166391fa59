import type { WebClient } from '@slack/web-api'
import type { Clock } from '../../clock.ts'
import { escapeText } from '../blocks/text.ts'

/** Slack takes a hundred appends a minute of a workspace; a reader takes fewer. */
const appendEveryMs = 1000
/** Shorter beginnings are not worth a message that grows. */
const shortest = 80
const longest = 11_000

export interface StreamTarget {
  team: string
  channel: string
  threadTs: string
  /** Who reads it: Slack wants to know outside of direct messages. */
  user: string
}

export interface AnswerStreamOptions {
  client: () => Promise<WebClient>
  clock: Clock
  target: StreamTarget
  /** The message is there from now on: whatever is sent under its key edits it. */
  onStarted: (ts: string) => Promise<void>
  onFailed: (error: unknown) => void
}

/**
 * An answer that grows in Slack while a model writes it (chat.startStream, appendStream, stopStream). Best effort: where a
 * workspace refuses streams, or one breaks off, nothing is lost, because the whole answer is sent as a message at the end in any
 * case.
 */
export class AnswerStream {
  readonly #options: AnswerStreamOptions
  #ts: string | null = null
  #sent = ''
  #latest = ''
  #over = false
  #work: Promise<void> | null = null

  constructor(options: AnswerStreamOptions) {
    this.#options = options
  }

  /** The text so far. What was shown before must be its beginning, else the stream stands still until the end. */
  show(textSoFar: string): void {
    if (this.#over || !textSoFar.startsWith(this.#sent) || textSoFar.length > longest) return
    this.#latest = textSoFar
    if (this.#latest.length < shortest || this.#work !== null) return
    this.#work = this.#flush().finally(() => {
      this.#work = null
    })
  }

  /** Nothing follows. Resolves once Slack knows. */
  async end(): Promise<void> {
    this.#over = true
    await this.#work
    if (this.#ts === null) return
    const { client, target, onFailed } = this.#options
    await (await client()).chat.stopStream({ channel: target.channel, ts: this.#ts }).catch(onFailed)
  }

  async #flush(): Promise<void> {
    const { client, clock, target, onStarted, onFailed } = this.#options
    try {
      while (this.#latest.length > this.#sent.length && !this.#over) {
        const next = this.#latest
        const markdown_text = escapeText(next.slice(this.#sent.length), longest)
        const slack = await client()
        if (this.#ts === null) {
          const started = await slack.chat.startStream({
            ...{ channel: target.channel, thread_ts: target.threadTs, markdown_text },
            ...{ recipient_team_id: target.team, recipient_user_id: target.user },
          })
          this.#ts = String(started.ts)
          await onStarted(this.#ts)
        } else await slack.chat.appendStream({ channel: target.channel, ts: this.#ts, markdown_text })
        this.#sent = next
        await clock.sleep(appendEveryMs)
      }
    } catch (error) {
      this.#over = true
      onFailed(error)
    }
  }
}
