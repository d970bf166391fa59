import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { fastClock } from '../support/fast-clock.ts'
import { type Bot, startBot } from '../support/slack/bot.ts'
import { botToken, botUser, teamId, Workspace } from '../support/slack/workspace.ts'
import { soon } from '../support/soon.ts'

describe('many workspaces by OAuth', () => {
  let slack: Workspace
  let bot: Bot
  beforeAll(async () => {
    slack = await Workspace.start({ channels: 2, clock: fastClock(10) })
    bot = await startBot(slack, {
      env: {
        ...{
          SLACK_BOT_TOKEN: '',
          SLACK_CLIENT_ID: '1.2',
          SLACK_CLIENT_SECRET: 'client-secret',
          SLACK_STATE_SECRET: 'state-secret-of-a-test',
        },
        PROMPTS_INSTALLATION_KEY: randomBytes(32).toString('base64'),
      },
    })
  })
  afterAll(async () => {
    await bot?.stop()
    await slack?.stop()
  })

  it('installs, answers with that workspace’s token, and forgets it when the app is removed', async () => {
    const channel = slack.channels[0]!
    slack.gate.answers.set('oauth.v2.access', (body) => {
      if (body.code !== 'good-code') return { ok: false, error: 'invalid_code' }
      return {
        ...{ ok: true, app_id: 'A0APP00001', token_type: 'bot', scope: 'chat:write', access_token: botToken, bot_user_id: botUser },
        ...{ team: { id: teamId, name: 'Test' }, enterprise: null, is_enterprise_install: false, authed_user: { id: slack.users[0] } },
      }
    })
    const page = await fetch(`${bot.slack.url}/slack/install`, { redirect: 'manual' })
    const cookie = (page.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    const state = /state=([^&"]+)/.exec(`${page.headers.get('location')} ${await page.text()}`)?.[1] ?? ''
    const back = (query: string, cookies: string) =>
      fetch(`${bot.slack.url}/slack/oauth_redirect?${query}`, { headers: { cookie: cookies } })
    // someone else's state, or none, installs nothing
    expect((await back(`code=good-code&state=${state}`, '')).ok).toBe(false)
    expect(await bot.deps.state.list('installation:', 10)).toEqual([])
    expect((await back(`code=good-code&state=${state}`, cookie)).status).toBe(200)
    const [stored] = await bot.deps.state.list('installation:', 10)
    expect(stored?.key).toContain(teamId)
    expect(stored?.value).not.toContain('xoxb')

    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), soon)

    await bot.slack.event({ type: 'tokens_revoked', tokens: { oauth: ['U1'], bot: [] } })
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(await bot.deps.state.list('installation:', 10)).toHaveLength(1)
    // told late, of an installation before this one
    await bot.slack.event({ type: 'app_uninstalled' }, { eventTime: Math.floor(Date.now() / 1000) - 60 })
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(await bot.deps.state.list('installation:', 10)).toHaveLength(1)
    await bot.slack.event({ type: 'app_uninstalled' }, { eventTime: Math.ceil(Date.now() / 1000) })
    await vi.waitFor(async () => expect(await bot.deps.state.list('installation:', 10)).toEqual([]), soon)
    const calls = bot.diagnose.calls.length
    await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-124' })
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(bot.diagnose.calls).toHaveLength(calls)
  })
})
