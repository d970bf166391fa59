import type { InstallationStore } from '@slack/bolt'
import { LogLevel, WebClient, type WebClientOptions } from '@slack/web-api'
import type { Config } from '../config.ts'
import { PromptsError } from '../errors.ts'
import { toBoltLogger } from './bolt-logger.ts'
import type { Log } from './log.ts'
import { requestTimeoutMs } from './outbox/pace.ts'

const keepMs = 300_000

/** Slack clients of workspaces: no retries of their own (the outbox and the callers decide), and a deadline on each request. */
export class Clients {
  readonly #config: Config
  readonly #log: Log
  readonly #installations: InstallationStore | null
  readonly #known = new Map<string, { client: WebClient; until: number }>()

  constructor(config: Config, log: Log, installations: InstallationStore | null) {
    this.#config = config
    this.#log = log
    this.#installations = installations
  }

  /** The client for sending. @throws PromptsError `bad_config`, or `not_allowed` where the app is not installed. */
  async forTeam(team: string): Promise<WebClient> {
    const known = this.#known.get(team)
    if (known !== undefined && known.until > Date.now()) return known.client
    const client = new WebClient(await this.#token(team), this.options({ rejectRateLimitedCalls: true }))
    this.#known.set(team, { client, until: Date.now() + keepMs })
    return client
  }

  forget(team: string): void {
    this.#known.delete(team)
  }

  options(more: WebClientOptions = {}): WebClientOptions {
    const address = this.#config.SLACK_API_URL
    return {
      retryConfig: { retries: 0 },
      timeout: requestTimeoutMs,
      logger: toBoltLogger(this.#log),
      logLevel: LogLevel.WARN,
      ...(address === undefined ? {} : { slackApiUrl: address }),
      ...more,
    }
  }

  async #token(team: string): Promise<string> {
    if (this.#installations === null) {
      if (this.#config.SLACK_BOT_TOKEN !== undefined) return this.#config.SLACK_BOT_TOKEN
      throw new PromptsError('bad_config', 'SLACK_BOT_TOKEN is not set', { hint: 'docs/slack-setup.md says where to find it.' })
    }
    const found = await this.#installations.fetchInstallation({ teamId: team, enterpriseId: undefined, isEnterpriseInstall: false })
    if (found.bot?.token !== undefined) return found.bot.token
    throw new PromptsError('not_allowed', `The app is not installed in ${team}`, { hint: 'Install it again at /slack/install.' })
  }
}
