import { App, AuthorizationError, type AuthorizeResult, type Receiver, SocketModeReceiver } from '@slack/bolt'
import { asPromptsError, PromptsError } from '../errors.ts'
import { toBoltLogger } from './bolt-logger.ts'
import { createClockCheck } from './check-clock.ts'
import type { SlackDeps } from './deps.ts'
import { listenToButtons } from './listeners/buttons.ts'
import { listenToCommands } from './listeners/commands.ts'
import { listenToHome } from './listeners/home.ts'
import { listenToLifecycle } from './listeners/lifecycle.ts'
import { listenToMessages } from './listeners/messages.ts'
import { listenToReactions } from './listeners/reactions.ts'
import { processHealth } from './process-health.ts'
import { createReceiver } from './receivers/create-receiver.ts'
import { Inbox } from './receivers/inbox.ts'
import { createServices, type SlackServices } from './services.ts'

export interface SlackApp {
  app: App
  services: SlackServices
  /** Handles again what a process that died had taken and not finished. */
  replay(options: { all: boolean }): Promise<number>
}

export interface SlackAppOptions {
  services?: SlackServices
  /** Another way in, for tests and the sandbox; default: Socket Mode or HTTP by configuration. */
  receiver?: Receiver
}

/**
 * The Bolt app with all its listeners. Starts nothing: `app.start()` opens the receiver.
 * @throws PromptsError `bad_config` where neither Socket Mode nor HTTP is configured.
 */
export function createSlackApp(deps: SlackDeps, options: SlackAppOptions = {}): SlackApp {
  const services = options.services ?? createServices(deps)
  const { config, log } = deps
  const inbox = new Inbox(deps.state, log, deps.clock)
  const isSocketOpen = { now: false }
  const { routes } = processHealth(
    services,
    config.SLACK_APP_TOKEN === undefined ? { clock: createClockCheck(config.SLACK_API_URL) } : { socket: () => isSocketOpen.now },
  )
  const receiver = options.receiver ?? createReceiver({ config, log, inbox, installations: services.installations, routes })
  if (receiver instanceof SocketModeReceiver) {
    receiver.client.on('connected', () => {
      isSocketOpen.now = true
    })
    for (const name of ['disconnected', 'reconnecting', 'disconnecting']) {
      receiver.client.on(name, () => {
        isSocketOpen.now = false
      })
    }
  }
  const app = new App({
    receiver,
    clientOptions: services.clients.options({ retryConfig: { retries: 2 } }),
    logger: toBoltLogger(log),
    extendedErrorHandler: true,
    convoStore: false,
    ...(services.installations === null ? { authorize: authorizeOne(services) } : {}),
  })
  app.error(async ({ error }: { error: Error }) => {
    const known = asPromptsError(error)
    log.error('a listener failed', { id: known.id, message: known.message })
    // no listener heard of it: unless the app is gone there it is not acked, stays in the inbox, and Slack sends it again
    if (error instanceof AuthorizationError && !isNotInstalled(error.original)) throw error
  })
  listenToMessages(app, services)
  listenToReactions(app, services)
  listenToButtons(app, services)
  listenToCommands(app, services)
  listenToHome(app, services)
  listenToLifecycle(app, services)
  return { app, services, replay: (how) => inbox.replay((event) => app.processEvent(event), how) }
}

function isNotInstalled(error: unknown): boolean {
  return error instanceof PromptsError && error.code === 'not_allowed'
}

/** One workspace by token: who we are is asked of Slack once, and again only when that failed. */
function authorizeOne(services: SlackServices): () => Promise<AuthorizeResult> {
  let known: Promise<AuthorizeResult> | null = null
  const ask = async (): Promise<AuthorizeResult> => {
    const client = await services.clients.forTeam('')
    const me = await client.auth.test()
    return {
      ...(client.token === undefined ? {} : { botToken: client.token }),
      ...(me.bot_id === undefined ? {} : { botId: me.bot_id }),
      ...(me.user_id === undefined ? {} : { botUserId: me.user_id }),
    }
  }
  return async () => {
    known ??= ask().catch((error: unknown) => {
      known = null
      throw error
    })
    return known
  }
}
