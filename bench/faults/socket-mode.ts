import { randomUUID } from 'node:crypto'
import { SocketServer } from '../../test/support/slack/socket-server.ts'
import { botUser } from '../../test/support/slack/workspace.ts'
import type { Question, Stage } from './stage.ts'

/** Slack's side of Socket Mode, for processes that have `env`. */
export class SocketMode {
  readonly env = { SLACK_APP_TOKEN: 'xapp-1-test' }
  readonly #stage: Stage
  #server: SocketServer

  private constructor(stage: Stage, server: SocketServer) {
    this.#stage = stage
    this.#server = server
  }

  static async open(stage: Stage): Promise<SocketMode> {
    const mode = new SocketMode(stage, new SocketServer())
    await mode.#server.start()
    stage.onClose(() => mode.#server.stop())
    stage.slack.gate.answers.set('apps.connections.open', () => ({ ok: true, url: mode.#server.url }))
    return mode
  }

  get connected(): Promise<void> {
    return this.#server.connected
  }

  async stop(): Promise<void> {
    await this.#server.stop()
  }

  /** On another port, as Slack's next address would be. */
  async startAgain(): Promise<void> {
    this.#server = new SocketServer()
    await this.#server.start()
  }

  /** A mention, sent again until it is acked. */
  async ask(channel = this.#stage.slack.channels[this.#stage.questions.length]!): Promise<Question> {
    const { slack, questions, experiments } = this.#stage
    const text = `<@${botUser}> diagnose ${experiments[questions.length]}`
    const ts = String((await slack.person(0).chat.postMessage({ channel, text })).ts)
    const event = { type: 'app_mention', user: slack.users[0], text, channel, ts }
    const payload = { type: 'event_callback', team_id: 'T000000001', event_id: `Ev${randomUUID()}`, event }
    const question = { channel, ts, askedAt: Date.now(), acked: Promise.resolve(1) }
    questions.push(question)
    for (let tries = 0; tries < 20; tries += 1) {
      const envelope = randomUUID()
      this.#server.send({ type: 'events_api', envelope_id: envelope, payload })
      if (await this.#stage.until(3, () => this.#server.acked.includes(envelope))) break
    }
    return question
  }
}
