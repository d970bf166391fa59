import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Config } from '../config.ts'
import { PromptsError } from '../errors.ts'
import type { SlackDeps } from '../slack/deps.ts'
import { createReceiver } from '../slack/receivers/create-receiver.ts'
import { Inbox } from '../slack/receivers/inbox.ts'
import { startServe } from '../slack/serve.ts'
import { type ActionDeps, actionSchema, perform } from './actions.ts'
import { Deliveries } from './deliveries.ts'
import { startPageServer } from './page-server.ts'
import { PrivateState } from './private-state.ts'
import { startRelay } from './relay.ts'
import { takeSnapshot } from './snapshot.ts'
import { botUser, type SandboxWorkspace, startWorkspace, teamId } from './workspace.ts'

export interface Sandbox {
  /** Where the page is. */
  url: string
  stop(): Promise<void>
}

export interface SandboxOptions {
  config: Config
  /** The page's port; 0 for any that is free. */
  port: number
  /** Everything the bot is given, for the sandbox's own configuration. */
  openDeps: (config: Config) => Promise<{ deps: SlackDeps; close(): Promise<void> }>
}

const fetchMs = 10_000

/**
 * The real Slack app against an emulated Slack, and a page that shows the channel, all in this process and on loopback. What it
 * records is kept in a folder of its own, which goes when it stops.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const closers: (() => Promise<void> | void)[] = []
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close()
  }
  try {
    return { url: await open(options, closers), stop }
  } catch (thrown) {
    await stop()
    throw thrown
  }
}

async function open(options: SandboxOptions, closers: (() => Promise<void> | void)[]): Promise<string> {
  const workspace = await startWorkspace()
  closers.push(() => workspace.close())
  const own = new PrivateState()
  const triggers = new Map<string, string>()
  let changed = () => {}
  const relay = await startRelay({
    target: workspace.apiUrl,
    onCall(call) {
      own.note(call, triggers)
      if (!/\.(?:test|info|history|replies|list)$/.test(call.method)) changed()
    },
    onResponse(channel, user, body) {
      own.whisper({
        ...{ ts: (Date.now() / 1000).toFixed(6), channel, user, threadTs: null },
        ...{ text: String(body.text ?? ''), blocks: Array.isArray(body.blocks) ? body.blocks : [] },
      })
      changed()
    },
  })
  closers.push(() => relay.close())

  const home = mkdtempSync(join(tmpdir(), 'prompts-sandbox-'))
  closers.push(() => rmSync(home, { recursive: true, force: true }))
  const config = sandboxConfig(options.config, { home, workspace, apiUrl: relay.apiUrl })
  const { deps, close } = await options.openDeps(config)
  closers.push(close)
  const { receiver, url } = loopbackReceiver(deps)
  const server = await startServe(deps, { receiver })
  closers.push(() => server.stop(500))

  const deliveries = new Deliveries({ url: url(), signingSecret: workspace.signingSecret })
  const action: ActionDeps = { workspace, relay, deliveries, own, triggers }
  const examples = await deps.experiments.examples(teamId, 6).catch(() => [])
  const page = await startPageServer({
    port: options.port,
    handlers: {
      snapshot: (user) => takeSnapshot({ workspace, own, user: knownPerson(workspace, user), examples }),
      async act(input) {
        const parsed = actionSchema.safeParse(input)
        if (!parsed.success)
          throw new PromptsError('bad_arguments', `The page asked for something unknown: ${parsed.error.issues[0]?.message}`)
        await perform(action, parsed.data).finally(changed)
      },
      file: (id) => uploadedFile(workspace, id),
    },
  })
  closers.push(() => page.close())
  changed = () => page.changed()
  return page.url
}

/** The operator's configuration with Slack's side replaced and everything else embedded. */
function sandboxConfig(config: Config, input: { home: string; workspace: SandboxWorkspace; apiUrl: string }): Config {
  const python = join(resolve(config.PROMPTS_HOME), 'compiler', 'bin', 'python')
  const { REDIS_URL: _redis, QDRANT_URL: _qdrant, SLACK_APP_TOKEN: _socket, SLACK_CLIENT_ID: _oauth, ...rest } = config
  return {
    ...rest,
    PROMPTS_HOME: input.home,
    ...(config.PROMPTS_COMPILER_PYTHON === undefined && existsSync(python) ? { PROMPTS_COMPILER_PYTHON: python } : {}),
    SLACK_BOT_TOKEN: input.workspace.botToken,
    SLACK_SIGNING_SECRET: input.workspace.signingSecret,
    SLACK_API_URL: input.apiUrl,
    PORT: 0,
    PROMPTS_CHANNELS: [],
    PROMPTS_ADOPTERS: 'anyone',
  }
}

/** The bot's own HTTP receiver, on loopback alone. */
function loopbackReceiver(deps: SlackDeps) {
  const inbox = new Inbox(deps.state, deps.log, deps.clock)
  const receiver = createReceiver({ config: deps.config, log: deps.log, inbox, installations: null, routes: [] })
  const start = receiver.start.bind(receiver)
  let port = 0
  receiver.start = async () => {
    const server = await start({ port: 0, host: '127.0.0.1' })
    port = (server as { address(): { port: number } }).address().port
    return server
  }
  return { receiver, url: () => `http://127.0.0.1:${port}` }
}

function knownPerson(workspace: SandboxWorkspace, user: string | null): string {
  return (workspace.people.find((person) => person.id === user) ?? workspace.people[0]!).id
}

/** What is shown of the bot's uploads; a page is shown where it can run nothing. */
const shownTypes: Readonly<Record<string, string>> = { png: 'image/png', html: 'text/html; charset=utf-8' }

/** What the bot uploaded, from the emulated Slack: pictures and pages, nothing that people uploaded. */
async function uploadedFile(workspace: SandboxWorkspace, id: string): Promise<{ type: string; body: Buffer } | null> {
  const { file } = await workspace.bot.files.info({ file: id })
  const type = shownTypes[/\.(\w+)$/.exec(file?.name ?? '')?.[1] ?? '']
  if (file?.url_private === undefined || type === undefined || file.user !== botUser) return null
  const from = new URL(new URL(file.url_private).pathname, workspace.apiUrl)
  const answer = await fetch(from, { headers: { authorization: `Bearer ${workspace.botToken}` }, signal: AbortSignal.timeout(fetchMs) })
  return answer.ok ? { type, body: Buffer.from(await answer.arrayBuffer()) } : null
}
