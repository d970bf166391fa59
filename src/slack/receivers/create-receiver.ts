import { type App, HTTPReceiver, type InstallationStore, type Receiver, type ReceiverEvent, SocketModeReceiver } from '@slack/bolt'
import type { Config } from '../../config.ts'
import { PromptsError } from '../../errors.ts'
import type { HealthRoute } from '../../health/health-routes.ts'
import { toBoltLogger } from '../bolt-logger.ts'
import type { Log } from '../log.ts'
import { botScopes } from '../manifest.ts'
import type { Inbox } from './inbox.ts'

export interface ReceiverOptions {
  config: Config
  log: Log
  inbox: Inbox
  installations: InstallationStore | null
  /** `/live`, `/ready`, `/metrics`. */
  routes: readonly HealthRoute[]
}

/** Whether Slack reaches this process over a socket that it opens, or over HTTP. */
export function receiverKind(config: Config): 'socket' | 'http' {
  if (config.SLACK_APP_TOKEN !== undefined) return 'socket'
  if (config.SLACK_SIGNING_SECRET !== undefined) return 'http'
  throw new PromptsError('bad_config', 'Neither SLACK_APP_TOKEN (Socket Mode) nor SLACK_SIGNING_SECRET (HTTP) is set', {
    hint: 'docs/slack-setup.md says where to find them; `npx prompts sandbox` needs none.',
  })
}

/** Socket Mode or HTTP, each delivery going through the inbox. */
export function createReceiver(options: ReceiverOptions): Receiver {
  const { config, log } = options
  const customRoutes = options.routes.map(({ path, method, handler }) => ({ path, method, handler }))
  const logger = toBoltLogger(log)
  const installerOptions = config.SLACK_API_URL === undefined ? {} : { clientOptions: { slackApiUrl: config.SLACK_API_URL } }
  if (receiverKind(config) === 'socket') {
    const appToken = config.SLACK_APP_TOKEN ?? ''
    const socket = { appToken, logger, customRoutes, ...oauth(options), installerOptions: { port: config.PORT, ...installerOptions } }
    return throughInbox(new SocketModeReceiver(socket), options.inbox)
  }
  const http = new HTTPReceiver({
    signingSecret: config.SLACK_SIGNING_SECRET ?? '',
    port: config.PORT,
    logger,
    customRoutes,
    bodyLimit: '1mb',
    // nothing that was not asked for gets an answer with a stack in it
    dispatchErrorHandler: ({ response }) => {
      response.writeHead(404).end()
    },
    ...oauth(options),
    installerOptions,
  })
  return throughInbox(http, options.inbox)
}

/** Puts the inbox between a receiver and the app. */
function throughInbox<T extends Receiver>(receiver: T, inbox: Inbox): T {
  const init = receiver.init.bind(receiver)
  receiver.init = (app: App) => {
    const behind = { processEvent: (event: ReceiverEvent) => inbox.process(event, (next) => app.processEvent(next)) }
    init(behind as unknown as App)
  }
  return receiver
}

function oauth(options: ReceiverOptions): object {
  const { config, installations } = options
  if (installations === null) return {}
  return {
    clientId: config.SLACK_CLIENT_ID,
    clientSecret: config.SLACK_CLIENT_SECRET,
    stateSecret: config.SLACK_STATE_SECRET,
    installationStore: installations,
    scopes: [...botScopes],
  }
}
