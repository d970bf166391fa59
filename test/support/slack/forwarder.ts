import { createHmac, randomUUID } from 'node:crypto'
import { botUser, signingSecret, teamId, type Workspace } from './workspace.ts'

/** Sends signed events to the bot as Slack does: what the emulator does not do. */
export class Forwarder {
  readonly #workspace: Workspace
  /** Where the bot listens. */
  url: string
  /** What Slack signs with. */
  secret = signingSecret
  /** Milliseconds that each delivery took to be acked. */
  readonly ackMs: number[] = []

  constructor(workspace: Workspace, url: string) {
    this.#workspace = workspace
    this.url = url
  }

  /** A person writes in a channel, or in a thread; as a mention it reaches the bot twice in threads, as from Slack. */
  async say(input: { person: number; channel: string; text: string; threadTs?: string; files?: unknown[] }): Promise<string> {
    const text = input.text.replace('@prompts', `<@${botUser}>`)
    const thread = input.threadTs === undefined ? {} : { thread_ts: input.threadTs }
    const posted = await this.#workspace.person(input.person).chat.postMessage({ channel: input.channel, text, ...thread })
    const ts = String(posted.ts)
    const message = {
      ...{ user: this.#workspace.users[input.person], text, channel: input.channel, ts, ...thread },
      ...(input.files === undefined ? {} : { files: input.files, subtype: 'file_share' }),
    }
    if (text.includes(`<@${botUser}>`)) await this.event({ type: 'app_mention', ...message, subtype: undefined })
    await this.event({ type: 'message', channel_type: 'channel', ...message })
    return ts
  }

  /** A mention alone, delivered `times` under one event id (Slack's retries). */
  async mention(input: { person: number; channel: string; text: string; times?: number }): Promise<string> {
    const text = input.text.replace('@prompts', `<@${botUser}>`)
    const posted = await this.#workspace.person(input.person).chat.postMessage({ channel: input.channel, text })
    const ts = String(posted.ts)
    const eventId = `Ev${randomUUID()}`
    const event = { type: 'app_mention', user: this.#workspace.users[input.person], text, channel: input.channel, ts }
    for (let time = 0; time < (input.times ?? 1); time += 1) await this.event(event, { eventId, retry: time })
    return ts
  }

  async react(input: { person: number; channel: string; ts: string; name: string; remove?: boolean }): Promise<void> {
    const client = this.#workspace.person(input.person)
    const call = { channel: input.channel, timestamp: input.ts, name: input.name }
    if (input.remove === true) await client.reactions.remove(call)
    else await client.reactions.add(call)
    await this.event({
      ...{
        type: input.remove === true ? 'reaction_removed' : 'reaction_added',
        user: this.#workspace.users[input.person],
        reaction: input.name,
      },
      ...{ item: { type: 'message', channel: input.channel, ts: input.ts }, event_ts: String(Date.now() / 1000) },
    })
  }

  async event(
    event: Record<string, unknown>,
    options: { eventId?: string; retry?: number; eventTime?: number; team?: string } = {},
  ): Promise<number> {
    const body = {
      ...{
        token: 'x',
        team_id: options.team ?? teamId,
        api_app_id: 'A0APP00001',
        type: 'event_callback',
        event_id: options.eventId ?? `Ev${randomUUID()}`,
      },
      ...{ event_time: options.eventTime ?? Math.floor(Date.now() / 1000), is_ext_shared_channel: false, event },
      authorizations: [
        { enterprise_id: null, team_id: options.team ?? teamId, user_id: botUser, is_bot: true, is_enterprise_install: false },
      ],
    }
    const retry: Record<string, string> =
      options.retry === undefined || options.retry === 0 ? {} : { 'x-slack-retry-num': String(options.retry) }
    return this.post(JSON.stringify(body), 'application/json', retry)
  }

  /** Someone clicks a button of a message. */
  async click(input: { person: number; channel: string; threadTs: string; ts: string; action: string; value: unknown }): Promise<number> {
    const payload = {
      ...{
        type: 'block_actions',
        team: { id: teamId, domain: 'test' },
        user: { id: this.#workspace.users[input.person] },
        api_app_id: 'A0APP00001',
      },
      ...{ channel: { id: input.channel }, message: { ts: input.ts, thread_ts: input.threadTs }, trigger_id: randomUUID() },
      actions: [{ type: 'button', action_id: input.action, block_id: 'b', value: JSON.stringify(input.value), action_ts: '1' }],
    }
    return this.interact(payload)
  }

  async interact(payload: Record<string, unknown>): Promise<number> {
    return this.post(new URLSearchParams({ payload: JSON.stringify(payload) }).toString(), 'application/x-www-form-urlencoded')
  }

  async command(input: { person: number; channel: string; text: string; responseUrl: string }): Promise<number> {
    const form = {
      ...{
        command: '/prompts',
        text: input.text,
        team_id: teamId,
        channel_id: input.channel,
        user_id: this.#workspace.users[input.person] ?? '',
      },
      ...{ trigger_id: randomUUID(), response_url: input.responseUrl, api_app_id: 'A0APP00001' },
    }
    return this.post(new URLSearchParams(form).toString(), 'application/x-www-form-urlencoded')
  }

  /** Posts a signed body and returns the status; a signature of another secret shows what a stranger gets. */
  async post(body: string, type: string, more: Record<string, string> = {}, secret = this.secret): Promise<number> {
    const timestamp = String(Math.floor(Date.now() / 1000))
    const signature = `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`
    const started = performance.now()
    const answer = await fetch(`${this.url}/slack/events`, {
      method: 'POST',
      headers: { 'content-type': type, 'x-slack-request-timestamp': timestamp, 'x-slack-signature': signature, ...more },
      body,
    })
    await answer.arrayBuffer()
    this.ackMs.push(performance.now() - started)
    return answer.status
  }
}
