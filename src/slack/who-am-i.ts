import { setTimeout as sleep } from 'node:timers/promises'
import { WebClient } from '@slack/web-api'
import type { Config } from '../config.ts'
import { PromptsError } from '../errors.ts'
import { toBoltLogger } from './bolt-logger.ts'
import type { Log } from './log.ts'

const requestMs = 5000
const betweenTriesMs = 1000

export interface AskOptions {
  config: Config
  log: Log
  signal: AbortSignal
  /** How long Slack may be away. */
  deadlineMs: number
}

/**
 * This bot's own id, the same in each of its processes: of the app where many workspaces install it, else of its bot.
 * @throws PromptsError `unavailable` where Slack refuses the token, or does not answer until the deadline.
 */
export async function askWhoIAm(options: AskOptions): Promise<string> {
  const { config } = options
  if (config.SLACK_CLIENT_ID !== undefined) return config.SLACK_CLIENT_ID
  const me = await ask(options, 'SLACK_BOT_TOKEN', (client) => client.auth.test())
  return String(me.bot_id ?? me.user_id ?? me.team_id)
}

/** Asks Slack whether it takes the tokens, before anything is started with them. @throws PromptsError as `askWhoIAm`. */
export async function checkTokens(options: AskOptions): Promise<void> {
  await askWhoIAm(options)
  if (options.config.SLACK_APP_TOKEN !== undefined) await ask(options, 'SLACK_APP_TOKEN', (client) => client.apps.connections.open({}))
}

async function ask<T>(
  { config, log, signal, deadlineMs }: AskOptions,
  token: 'SLACK_BOT_TOKEN' | 'SLACK_APP_TOKEN',
  call: (client: WebClient) => Promise<T>,
): Promise<T> {
  const address = config.SLACK_API_URL
  const client = new WebClient(config[token], {
    ...{ timeout: requestMs, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true, logger: toBoltLogger(log) },
    ...(address === undefined ? {} : { slackApiUrl: address }),
  })
  const until = performance.now() + deadlineMs
  for (;;) {
    try {
      return await call(client)
    } catch (cause) {
      const refusal = (cause as { data?: { error?: string } }).data?.error
      if (refusal !== undefined && refusal !== 'ratelimited' && refusal !== 'internal_error') {
        throw new PromptsError('unavailable', `Slack refuses ${token}: ${refusal}`, {
          hint: 'Copy the token again from the app’s page at api.slack.com/apps, or install the app again (docs/admin.md).',
          cause,
          retryable: false,
        })
      }
      if (performance.now() >= until) {
        const host = address === undefined ? 'slack.com' : new URL(address).host
        throw new PromptsError('unavailable', `Slack at ${host} does not answer (waited ${Math.round(deadlineMs / 1000)} s)`, {
          hint: 'Check the network and its proxy.',
          cause,
        })
      }
      await sleep(betweenTriesMs, undefined, { signal })
    }
  }
}
