import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { fastClock } from '../support/fast-clock.ts'
import { type Bot, startBot } from '../support/slack/bot.ts'
import { botUser, Workspace } from '../support/slack/workspace.ts'
import { soon } from '../support/soon.ts'

let slack: Workspace
let bot: Bot
beforeAll(async () => {
  slack = await Workspace.start({ channels: 2, clock: fastClock(10) })
  bot = await startBot(slack)
})
afterAll(async () => {
  await bot?.stop()
  await slack?.stop()
})

it('acks no delivery while it cannot be told who we are, and answers it once when it comes again', async () => {
  slack.gate.fault = (method) => (method === 'auth.test' ? { kind: 'lose_request' } : null)
  const channel = slack.channels[0]!
  const text = `<@${botUser}> diagnose exp-123`
  const ts = String((await slack.person(0).chat.postMessage({ channel, text })).ts)
  const event = { type: 'app_mention', user: slack.users[0], text, channel, ts }
  const eventId = `Ev${randomUUID()}`
  expect(await bot.slack.event(event, { eventId })).not.toBe(200)
  slack.gate.fault = () => null
  expect(await bot.slack.event(event, { eventId, retry: 1 })).toBe(200)
  await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), soon)
  // what the first try left in the inbox is handled too, and adds nothing
  await bot.restart()
  await vi.waitFor(async () => expect(await bot.deps.state.list('inbox:', 10)).toEqual([]), soon)
  expect(await slack.answers(channel, ts)).toHaveLength(4)
})
