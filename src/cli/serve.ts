import { exitCodes, PromptsError } from '../errors.ts'
import { startServe } from '../slack/serve.ts'
import type { Command } from './command.ts'
import { openSlack } from './open-slack.ts'
import { createStderrLog } from './stderr-log.ts'
import { untilStopped } from './until-stopped.ts'

export const command: Command = {
  name: 'serve',
  usage: 'serve',
  summary: 'the bot',
  options: {},
  positionals: { min: 0, max: 0 },
  async run({ config, note, signal }) {
    const socketMode = config.SLACK_APP_TOKEN !== undefined
    if (!config.SLACK_BOT_TOKEN && !config.SLACK_CLIENT_ID) {
      throw new PromptsError('unavailable', 'No Slack workspace is configured', {
        hint: 'npx prompts sandbox tries the bot without one; docs/slack.md tells how to connect one.',
      })
    }
    if (!socketMode && !config.SLACK_SIGNING_SECRET) {
      throw new PromptsError('unavailable', 'Slack has no way in: neither SLACK_APP_TOKEN (Socket Mode) nor SLACK_SIGNING_SECRET (HTTP)', {
        hint: 'docs/slack.md tells where to find them.',
      })
    }
    const { deps, close } = await openSlack(config, createStderrLog(config.PROMPTS_LOG_LEVEL))
    const server = await startServe(deps)
    note(server.url === null ? 'connected to Slack by Socket Mode' : `listening on ${server.url}`)
    await untilStopped(signal)
    await server.stop()
    await close()
    return exitCodes.ok
  },
}
