import { WebClient } from '@slack/web-api'
import { createEmulator, type Emulator } from 'emulate'
import { type Clock, systemClock } from '../../../src/clock.ts'
import { freePort } from '../redis-server.ts'
import { Gate } from './gate.ts'

export const botToken = 'xoxb-test-bot'
export const signingSecret = 'test-signing-secret'
export const teamId = 'T000000001'
export const botUser = 'U0BOT00001'

export interface ThreadMessage {
  ts: string
  user: string
  text: string
  blocks: unknown[]
  metadata?: { event_payload?: Record<string, unknown> }
  reactions?: { name: string; users: string[] }[]
}

/** An emulated Slack workspace (npm emulate) behind the gate: one bot, some people, some channels. */
export class Workspace {
  readonly gate: Gate
  /** The time by which the gate measures, and the bot's in this process. */
  readonly clock: Clock
  readonly url: string
  readonly users: string[] = []
  readonly channels: string[] = []
  readonly #emulator: Emulator
  readonly #clients = new Map<string, WebClient>()

  private constructor(emulator: Emulator, gate: Gate, url: string, clock: Clock) {
    this.#emulator = emulator
    this.gate = gate
    this.clock = clock
    this.url = url
  }

  /**
   * @param options.calls How many calls of the bot the emulator must take: it lets a token do five thousand an hour, whatever
   * Slack does.
   */
  static async start(options: { users?: number; channels?: number; clock?: Clock; calls?: number } = {}): Promise<Workspace> {
    const port = await freePort()
    const people = Array.from({ length: options.users ?? 3 }, (_, at) => ({ name: `person${at}`, real_name: `Person ${at}` }))
    const channels = Array.from({ length: options.channels ?? 2 }, (_, at) => ({ name: `team-${at}` }))
    const botTokens = [botToken, ...Array.from({ length: Math.ceil((options.calls ?? 0) / 4000) }, (_, at) => `${botToken}-${at}`)]
    const tokens = [
      ...botTokens.map((token) => ({ token, type: 'bot', user: botUser, bot_id: 'B0BOT00001', bot_user_id: botUser })),
      { token: 'xoxp-admin', type: 'user', user: 'U000000001' },
      ...people.map((person) => ({ token: `xoxp-${person.name}`, type: 'user', user: person.name })),
    ]
    const emulator = await createEmulator({
      service: 'slack',
      port,
      seed: {
        slack: {
          team: { name: 'Test', domain: 'test' },
          users: people,
          channels,
          oauth_apps: [
            {
              ...{
                client_id: '1.2',
                client_secret: 'client-secret',
                app_id: 'A0APP00001',
                name: 'prompts',
                redirect_uris: ['http://127.0.0.1/slack/oauth_redirect'],
              },
              ...{ scopes: ['chat:write'], bot_id: 'B0BOT00001', bot_user_id: botUser, bot_name: 'prompts' },
            },
          ],
          tokens,
        },
      },
    })
    const clock = options.clock ?? systemClock
    const gate = new Gate(emulator.url, clock)
    gate.sameAs = new Map([[botToken, botTokens]])
    const workspace = new Workspace(emulator, gate, await gate.start(), clock)
    const list = (await workspace.as(botToken).conversations.list({ limit: 1000 })).channels ?? []
    workspace.channels.push(...list.filter((channel) => channel.name?.startsWith('team-')).map((channel) => String(channel.id)))
    for (const channel of workspace.channels) await workspace.as(botToken).conversations.join({ channel })
    const members = (await workspace.as(botToken).users.list({})).members ?? []
    workspace.users.push(...members.filter((member) => member.name?.startsWith('person')).map((member) => String(member.id)))
    return workspace
  }

  /** `slackApiUrl` for Bolt and WebClient. */
  get apiUrl(): string {
    return `${this.url}/api/`
  }

  /** Past the gate: what a test does itself is not counted. */
  as(token: string): WebClient {
    const found =
      this.#clients.get(token) ?? new WebClient(token, { slackApiUrl: `${this.#emulator.url}/api/`, logLevel: 'error' as never })
    this.#clients.set(token, found)
    return found
  }

  person(at: number): WebClient {
    return this.as(`xoxp-person${at}`)
  }

  async thread(channel: string, ts: string): Promise<ThreadMessage[]> {
    const found = await this.as('xoxp-admin').conversations.replies({ channel, ts, limit: 1000, include_all_metadata: true })
    return (found.messages ?? []) as never
  }

  /** Our answers in a thread, without the message that asked. */
  async answers(channel: string, ts: string): Promise<ThreadMessage[]> {
    return (await this.thread(channel, ts)).filter((message) => message.user === botUser)
  }

  async stop(): Promise<void> {
    await this.gate.stop()
    await this.#emulator.close()
  }
}

/** The thread as a person reads it. */
export function printThread(messages: ThreadMessage[]): string {
  return messages
    .map((message) => `${message.user === botUser ? 'prompts' : message.user}: ${blockText(message.blocks) || message.text}`)
    .join('\n\n')
}

function blockText(value: unknown): string {
  if (Array.isArray(value)) return value.map(blockText).filter(Boolean).join('\n')
  if (typeof value !== 'object' || value === null) return ''
  const block = value as Record<string, unknown>
  if (block.type === 'actions') return (block.elements as { text: { text: string } }[]).map((button) => `[${button.text.text}]`).join(' ')
  if (block.type === 'table') return (block.rows as { text: string }[][]).map((row) => row.map((cell) => cell.text).join(' | ')).join('\n')
  if (block.type === 'plan') {
    const tasks = block.tasks as { title: string; status: string }[]
    return [block.title, ...tasks.map((task) => `  ${task.status}: ${task.title}`)].join('\n')
  }
  if (typeof block.text === 'string') return block.text
  return [block.text, block.fields, block.elements].map(blockText).filter(Boolean).join('\n')
}
