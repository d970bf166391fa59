import { WebClient } from '@slack/web-api'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { message, section } from '../../../src/slack/blocks/message.ts'
import { silentLog } from '../../../src/slack/log.ts'
import { Outbox } from '../../../src/slack/outbox/outbox.ts'
import { maxAttempts } from '../../../src/slack/outbox/pace.ts'
import { SqliteStateStore } from '../../../src/state/sqlite-state-store.ts'
import { fastClock } from '../../support/fast-clock.ts'
import { botToken, teamId as team, Workspace } from '../../support/slack/workspace.ts'

const soon = { timeout: 30_000, interval: 20 }
let slack: Workspace
let channel = ''
let thread = ''
beforeAll(async () => {
  slack = await Workspace.start({ channels: 6, clock: fastClock(100) })
})
afterAll(() => slack?.stop())
let count = 0
beforeEach(async () => {
  slack.gate.fault = () => null
  slack.gate.calls.length = 0
  channel = slack.channels[count++]!
  thread = String((await slack.person(0).chat.postMessage({ channel, text: 'ask' })).ts)
})

function open(waitsForToken: boolean): Outbox {
  const options = { slackApiUrl: slack.apiUrl, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true, logLevel: 'error' as never }
  const client = new WebClient(botToken, options)
  return new Outbox({
    ...{ state: new SqliteStateStore(':memory:', { clock: slack.clock }), clock: slack.clock, log: silentLog, keepDays: 1, alone: true },
    clientFor: async () => client,
    onTokenRefused: async () => waitsForToken,
  })
}
const put = (outbox: Outbox, key: string) => outbox.put({ team, key, channel, threadTs: thread, message: message(key, [section(key)]) })
const texts = async () => (await slack.answers(channel, thread)).map((answer) => answer.text)
const tries = () => slack.gate.calls.filter(({ method }) => method === 'chat.postMessage').length

it('keeps a message while Slack is away, however often it was tried', async () => {
  slack.gate.fault = (method) => (method === 'chat.postMessage' ? { kind: 'lose_request' } : null)
  const outbox = open(true)
  await put(outbox, 'one')
  await vi.waitFor(() => expect(tries()).toBeGreaterThan(maxAttempts + 2), soon)
  slack.gate.fault = () => null
  await vi.waitFor(async () => expect(await texts()).toEqual(['one']), soon)
  await outbox.close(0)
})

it('keeps a message that Slack refuses for its token until there is another, and says meanwhile why', async () => {
  slack.gate.fault = () => ({ kind: 'error', error: 'token_revoked' })
  const outbox = open(true)
  await put(outbox, 'one')
  await vi.waitFor(() => expect(tries()).toBeGreaterThan(2), soon)
  expect(outbox.tokenRefused()).toBe('token_revoked')
  slack.gate.fault = () => null
  await vi.waitFor(async () => expect(await texts()).toEqual(['one']), soon)
  await vi.waitFor(() => expect(outbox.tokenRefused()).toBeNull(), soon)
  await outbox.close(0)
})

it('gives up where nobody will bring another token, and where Slack itself fails over a message again and again', async () => {
  slack.gate.fault = () => ({ kind: 'error', error: 'account_inactive' })
  const removed = open(false)
  await put(removed, 'one')
  await vi.waitFor(() => expect(removed.waiting()).toBe(0), soon)
  expect(tries()).toBe(2)
  await removed.close(0)
  slack.gate.calls.length = 0
  slack.gate.fault = (method) => (method === 'chat.postMessage' ? { kind: 'error', error: 'internal_error' } : null)
  const failing = open(true)
  await put(failing, 'two')
  await vi.waitFor(() => expect(failing.waiting()).toBe(0), soon)
  expect(tries()).toBe(maxAttempts)
  expect(await texts()).toEqual([])
  await failing.close(0)
})
