import { createHmac, randomUUID } from 'node:crypto'
import { PromptsError } from '../errors.ts'
import { appId, botUser, teamId } from './workspace.ts'

const deliveryMs = 10_000

type Fields = Record<string, unknown>

/** Sends the bot what Slack would send it: signed events, interactions and commands, over HTTP. */
export class Deliveries {
  readonly #url: string
  readonly #secret: string

  constructor(input: { url: string; signingSecret: string }) {
    this.#url = `${input.url}/slack/events`
    this.#secret = input.signingSecret
  }

  async event(event: Fields): Promise<void> {
    const body = {
      type: 'event_callback',
      team_id: teamId,
      api_app_id: appId,
      event_id: `Ev${randomUUID().replaceAll('-', '')}`,
      event_time: Math.floor(Date.now() / 1000),
      is_ext_shared_channel: false,
      authorizations: [{ enterprise_id: null, team_id: teamId, user_id: botUser, is_bot: true, is_enterprise_install: false }],
      event,
    }
    await this.#send(JSON.stringify(body), 'application/json')
  }

  /** Buttons, modals, shortcuts. */
  async interaction(payload: Fields): Promise<void> {
    const whole = { team: { id: teamId, domain: 'sandbox' }, api_app_id: appId, ...payload }
    await this.#send(new URLSearchParams({ payload: JSON.stringify(whole) }).toString(), 'application/x-www-form-urlencoded')
  }

  async command(fields: Record<string, string>): Promise<void> {
    const form = new URLSearchParams({ team_id: teamId, api_app_id: appId, ...fields })
    await this.#send(form.toString(), 'application/x-www-form-urlencoded')
  }

  async #send(body: string, type: string): Promise<void> {
    const timestamp = String(Math.floor(Date.now() / 1000))
    const signature = `v0=${createHmac('sha256', this.#secret).update(`v0:${timestamp}:${body}`).digest('hex')}`
    const answer = await fetch(this.#url, {
      method: 'POST',
      headers: { 'content-type': type, 'x-slack-request-timestamp': timestamp, 'x-slack-signature': signature },
      body,
      signal: AbortSignal.timeout(deliveryMs),
    })
    await answer.arrayBuffer()
    if (!answer.ok) throw new PromptsError('unavailable', `The bot answered ${answer.status} to what Slack would send`)
  }
}
