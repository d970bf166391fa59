import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Config, readConfig } from '../../../src/config.ts'
import { PromptsError } from '../../../src/errors.ts'
import { readInlineExperiment } from '../../../src/experiment/read-inline-experiment.ts'
import { createMetrics } from '../../../src/health/metrics.ts'
import { createFileMemory } from '../../../src/runs/memory/file-memory.ts'
import type { SlackDeps } from '../../../src/slack/deps.ts'
import { createInfrastructure } from '../../../src/slack/infrastructure.ts'
import type { Log } from '../../../src/slack/log.ts'
import { type RunningServer, startServe } from '../../../src/slack/serve.ts'
import { noTraces } from '../../../src/traces/traces.ts'
import { type FakeOptions, fakeDiagnoseService, fakeThread } from './fake-diagnose-service.ts'
import { Forwarder } from './forwarder.ts'
import { botToken, signingSecret, type Workspace } from './workspace.ts'

export interface Bot {
  deps: SlackDeps
  server: RunningServer
  slack: Forwarder
  diagnose: ReturnType<typeof fakeDiagnoseService>
  logged: string[]
  /** Stops the process and starts another on the same store. */
  restart(graceMs?: number): Promise<void>
  stop(): Promise<void>
}

/** Settings of a bot that talks to the emulated workspace over HTTP. */
export function botConfig(workspace: { apiUrl: string }, home: string, more: Record<string, string> = {}): Config {
  return readConfig({
    ...{ PROMPTS_HOME: home, SLACK_BOT_TOKEN: botToken, SLACK_SIGNING_SECRET: signingSecret, SLACK_API_URL: workspace.apiUrl },
    ...{ PORT: '0', PROMPTS_LOG_LEVEL: 'silent', ...more },
  })
}

/** The whole bot in this process, with a stand-in for the reasoning layer. */
export async function startBot(
  workspace: Workspace,
  options: { env?: Record<string, string>; fake?: Omit<FakeOptions, 'memory'>; deps?: Partial<SlackDeps> } = {},
): Promise<Bot> {
  const home = mkdtempSync(join(tmpdir(), 'prompts-bot-'))
  const config = botConfig(workspace, home, options.env)
  const memory = createFileMemory({ folder: join(home, 'memory') })
  const diagnose = fakeDiagnoseService({ memory, ...options.fake })
  const logged: string[] = []
  const write = (level: string) => (text: string, data?: Record<string, unknown>) =>
    void logged.push(`${level} ${text} ${JSON.stringify(data ?? {})}`)
  const log: Log = { debug: () => {}, info: write('info'), warn: write('warn'), error: write('error') }
  const slack = new Forwarder(workspace, '')
  let infrastructure = createInfrastructure(config, log, { clock: workspace.clock })
  const depsOf = (): SlackDeps => ({
    ...{
      config,
      memory,
      diagnose,
      thread: fakeThread(),
      log,
      metrics: createMetrics(),
      traces: noTraces,
      compiler: false,
      ...infrastructure,
    },
    readInline: async (text: string, what: string) => readInlineExperiment(text, what),
    experiments: {
      examples: async () => ['exp-123', 'exp-124'],
      runs: async () => ({ runs: [], silent: [] }),
      answerRun: async () => {},
      async stepTimeMs(_team, id) {
        if (id === 'exp-124') return 22_900
        throw new PromptsError('unknown_experiment', `No experiment ${id}`)
      },
    },
    ...options.deps,
  })
  const start = async () => {
    const deps = depsOf()
    const server = await startServe(deps)
    slack.url = server.url ?? ''
    return { deps, server }
  }
  const bot: Bot = {
    ...(await start()),
    slack,
    diagnose,
    logged,
    async restart(graceMs = 0) {
      await bot.server.stop(graceMs)
      await infrastructure.close()
      infrastructure = createInfrastructure(config, log, { clock: workspace.clock })
      Object.assign(bot, await start())
    },
    async stop() {
      await bot.server.stop(0)
      await infrastructure.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
  return bot
}
