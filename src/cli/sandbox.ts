import { exitCodes } from '../errors.ts'
import type { Run } from './command.ts'
import { openInBrowser } from './open-in-browser.ts'
import { createStderrLog } from './stderr-log.ts'
import { untilStopped } from './until-stopped.ts'

const defaultPort = 4321

export const run: Run<'sandbox'> = async ({ config, flags, print, note, signal }) => {
  const port = flags.port ?? defaultPort
  // the emulated Slack and the bot are loaded only for this
  const [{ startSandbox }, { openSlack }] = await Promise.all([import('../sandbox/start-sandbox.ts'), import('./open-slack.ts')])
  const log = createStderrLog(config.PROMPTS_LOG_LEVEL === 'info' ? 'warn' : config.PROMPTS_LOG_LEVEL)
  const sandbox = await startSandbox({ config, port, openDeps: (own) => openSlack(own, { log, signal }) })
  try {
    print(sandbox.url)
    note('The page shows a channel of an emulated Slack with the bot in it. Ctrl-C ends it, and what was said there goes with it.')
    if (flags.open && !(await openInBrowser(sandbox.url))) note('No browser could be opened: open the address yourself.')
    await untilStopped(signal)
  } finally {
    await sandbox.stop()
  }
  return exitCodes.ok
}
