import { createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../support/run-cli.ts'
import { botToken, Workspace } from '../support/slack/workspace.ts'

describe('starting the bot', () => {
  let slack: Workspace
  let taken: Server
  let port = 0
  beforeAll(async () => {
    slack = await Workspace.start({ channels: 1, users: 1 })
    taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, () => resolve()))
    port = (taken.address() as { port: number }).port
  })
  afterAll(async () => {
    taken.close()
    await slack.stop()
  })
  const serve = (env: Record<string, string>) =>
    runCli(['serve'], { SLACK_API_URL: slack.apiUrl, SLACK_BOT_TOKEN: botToken, PORT: '0', PROMPTS_LOG_LEVEL: 'silent', ...env })
  const refuse = (method: string, error: string) => {
    slack.gate.fault = (called) => (called === method ? { kind: 'error', error } : null)
  }

  it('with a bot token that Slack refuses ends with the reason and exit code 4, over HTTP and over the socket', async () => {
    refuse('auth.test', 'invalid_auth')
    const modes: Record<string, string>[] = [{ SLACK_SIGNING_SECRET: 's'.repeat(32) }, { SLACK_APP_TOKEN: 'xapp-1-x' }]
    for (const mode of modes) {
      const { code, stderr } = await serve(mode)
      expect(code).toBe(4)
      expect(stderr).toContain('Slack refuses SLACK_BOT_TOKEN: invalid_auth')
      expect(stderr).toContain('api.slack.com/apps')
    }
  })

  it('with an app token that Slack refuses ends so too', async () => {
    refuse('apps.connections.open', 'not_allowed_token_type')
    const { code, stderr } = await serve({ SLACK_APP_TOKEN: 'xapp-1-x' })
    expect(code).toBe(4)
    expect(stderr).toContain('Slack refuses SLACK_APP_TOKEN: not_allowed_token_type')
  })

  it('on a port that is taken ends with the reason and exit code 4', async () => {
    slack.gate.fault = () => null
    const { code, stderr } = await serve({ SLACK_SIGNING_SECRET: 's'.repeat(32), PORT: String(port) })
    expect(code).toBe(4)
    expect(stderr).toContain(`Port ${port} cannot be used: another process listens on it`)
  })
})
