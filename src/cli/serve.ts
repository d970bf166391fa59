import { exitCodes, PromptsError } from '../errors.ts'
import { checkClock } from '../slack/check-clock.ts'
import { checkPort } from '../slack/check-port.ts'
import { quietLog } from '../slack/quiet-log.ts'
import { startServe } from '../slack/serve.ts'
import { checkTokens } from '../slack/who-am-i.ts'
import type { Run } from './command.ts'
import { openSlack } from './open-slack.ts'
import { createStderrLog } from './stderr-log.ts'
import { untilStopped } from './until-stopped.ts'

export const run: Run<'serve'> = async ({ config, note, signal }) => {
  const socketMode = config.SLACK_APP_TOKEN !== undefined
  if (!config.SLACK_BOT_TOKEN && !config.SLACK_CLIENT_ID) {
    throw new PromptsError('unavailable', 'No Slack workspace is configured', {
      hint: 'npx prompts sandbox tries the bot without one; docs/admin.md says how to connect one.',
    })
  }
  if (!socketMode && !config.SLACK_SIGNING_SECRET) {
    throw new PromptsError('unavailable', 'No Slack transport is configured: set SLACK_APP_TOKEN or SLACK_SIGNING_SECRET', {
      hint: 'docs/admin.md says where to find them.',
    })
  }
  const log = quietLog(createStderrLog(config.PROMPTS_LOG_LEVEL))
  await checkPort(config.PORT)
  await checkTokens({ config, log, signal, deadlineMs: config.PROMPTS_START_SECONDS * 1000 })
  if (!socketMode) await checkClock(config.SLACK_API_URL)
  const { deps, close } = await openSlack(config, { log, signal })
  const server = await startServe(deps)
  note(server.url === null ? 'connected to Slack by Socket Mode' : `listening on ${server.url}`)
  await untilStopped(signal)
  await server.stop()
  await close()
  return exitCodes.ok
}
