import { randomBytes } from 'node:crypto'
import { WebClient } from '@slack/web-api'
import { createEmulator } from 'emulate'

/** The ids that the emulated workspace gives its team and our app. */
export const teamId = 'T000000001'
export const botUser = 'U0PROMPTS1'
export const appId = 'A0PROMPTS1'

export interface Person {
  id: string
  name: string
  client: WebClient
}

export interface Channel {
  id: string
  name: string
}

/** The conversation that a person has with the bot alone. */
export interface DirectMessages {
  id: string
  user: string
}

/** The emulated side of Slack (npm emulate): a workspace with some people, some channels, and the bot in each of them. */
export interface SandboxWorkspace {
  /** Where the emulated Web API answers, with its `/api/`. */
  apiUrl: string
  botToken: string
  signingSecret: string
  people: readonly Person[]
  channels: readonly Channel[]
  /** One a person. */
  direct: readonly DirectMessages[]
  bot: WebClient
  close(): Promise<void>
}

const people = ['Maya', 'Jonas', 'Priya']
const channels = ['tpu-training', 'tpu-serving']

/** Starts the workspace on loopback; its tokens and its signing secret are made anew each time. */
export async function startWorkspace(): Promise<SandboxWorkspace> {
  const secret = () => randomBytes(16).toString('hex')
  const botToken = `xoxb-${secret()}`
  const tokens = people.map((name) => ({ token: `xoxp-${secret()}`, type: 'user', user: name.toLowerCase() }))
  const emulator = await createEmulator({
    service: 'slack',
    port: 0,
    hostname: '127.0.0.1',
    seed: {
      slack: {
        team: { name: 'Sandbox', domain: 'sandbox' },
        users: people.map((name) => ({ name: name.toLowerCase(), real_name: name })),
        channels: channels.map((name) => ({ name })),
        oauth_apps: [
          {
            client_id: '1.2',
            client_secret: secret(),
            app_id: appId,
            name: 'prompts',
            redirect_uris: ['http://127.0.0.1/'],
            scopes: ['chat:write'],
            bot_id: 'B0PROMPTS1',
            bot_user_id: botUser,
            bot_name: 'prompts',
          },
        ],
        tokens: [{ token: botToken, type: 'bot', user: botUser, bot_id: 'B0PROMPTS1', bot_user_id: botUser, app_id: appId }, ...tokens],
      },
    },
  })
  const apiUrl = `${emulator.url.replace('//localhost:', '//127.0.0.1:')}/api/`
  const client = (token: string) => new WebClient(token, { slackApiUrl: apiUrl, retryConfig: { retries: 0 }, timeout: 10_000 })
  const bot = client(botToken)
  const members = (await bot.users.list({})).members ?? []
  const list = (await bot.conversations.list({})).channels ?? []
  const found = channels.map((name) => ({ id: String(list.find((channel) => channel.name === name)?.id), name }))
  for (const channel of found) await bot.conversations.join({ channel: channel.id })
  const known = people.map((name, at) => ({
    id: String(members.find((member) => member.name === name.toLowerCase())?.id),
    name,
    client: client(tokens[at]!.token),
  }))
  const direct = await Promise.all(
    known.map(async ({ id: user }) => ({ id: String((await bot.conversations.open({ users: user })).channel?.id), user })),
  )
  return {
    apiUrl,
    botToken,
    signingSecret: secret(),
    people: known,
    channels: found,
    direct,
    bot,
    close: () => emulator.close(),
  }
}
