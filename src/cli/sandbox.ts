import { exitCodes, PromptsError } from '../errors.ts'
import type { Command } from './command.ts'
import { openInBrowser } from './open-in-browser.ts'
import { createStderrLog } from './stderr-log.ts'
import { untilStopped } from './until-stopped.ts'

const defaultPort = 4321

export const command: Command = {
  name: 'sandbox',
  usage: 'sandbox [--port N] [--open]',
  summary: 'a local page that looks like a Slack channel, with the real bot in it; no Slack workspace needed',
  options: {
    port: { type: 'string', meaning: `the page's port; ${defaultPort} unless told, 0 for any that is free` },
    open: { type: 'boolean', meaning: 'open the page in the browser' },
  },
  positionals: { min: 0, max: 0 },
  async run({ config, flags, print, note, signal }) {
    const port = portOf(flags['port'])
    // the emulated Slack and the bot are loaded only for this
    const [{ startSandbox }, { openSlack }] = await Promise.all([import('../sandbox/start-sandbox.ts'), import('./open-slack.ts')])
    const log = createStderrLog(config.PROMPTS_LOG_LEVEL === 'info' ? 'warn' : config.PROMPTS_LOG_LEVEL)
    const sandbox = await startSandbox({ config, port, openDeps: (own) => openSlack(own, log, signal) })
    try {
      print(sandbox.url)
      note('The page shows a channel of an emulated Slack with the bot in it. Ctrl-C ends it, and what was said there goes with it.')
      if (flags['open'] === true && !(await openInBrowser(sandbox.url))) note('No browser could be opened: open the address yourself.')
      await untilStopped(signal)
    } finally {
      await sandbox.stop()
    }
    return exitCodes.ok
  },
}

function portOf(flag: string | boolean | undefined): number {
  if (typeof flag !== 'string') return defaultPort
  const port = Number(flag)
  if (/^\d{1,5}$/.test(flag) && port <= 65_535) return port
  throw new PromptsError('bad_arguments', `--port ${flag} is not a port`, { hint: 'Name a number from 0 to 65535.' })
}
