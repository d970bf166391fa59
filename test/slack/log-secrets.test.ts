import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { toBoltLogger } from '../../src/slack/bolt-logger.ts'
import { fastClock } from '../support/fast-clock.ts'
import { startBot } from '../support/slack/bot.ts'
import { botToken, signingSecret, Workspace } from '../support/slack/workspace.ts'
import { soon } from '../support/soon.ts'

it("leaves bodies and tokens out of what Slack's libraries write, at every level", () => {
  const lines: string[] = []
  const write = (text: string) => void lines.push(text)
  const logger = toBoltLogger({ debug: write, info: write, warn: write, error: write })
  logger.debug('http request url: chat.postMessage, body: {"text":"our secret model"}')
  logger.debug('Received a message on the WebSocket: {"payload":{"text":"our secret model"}}', { token: 'xoxb-1' })
  logger.error(new Error('invalid token xoxb-12-abc and xapp-1-A0-xyz'), { text: 'our secret model' })
  logger.warn(`long ${'a'.repeat(1000)}`)
  expect(lines.join('\n')).not.toMatch(/secret model|xoxb-|xapp-/)
  expect(lines.join('\n')).toContain('chat.postMessage')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(300)
})

let slack: Workspace
beforeAll(async () => {
  slack = await Workspace.start({ channels: 1, clock: fastClock(10) })
})
afterAll(() => slack.stop())

it('tells a run in one line at info: who, what, how long, how it ended, and nothing of what was written', async () => {
  const bot = await startBot(slack)
  const channel = slack.channels[0]!
  const ts = await bot.slack.say({ person: 0, channel, text: '@prompts please diagnose exp-123, our codename is Aardvark' })
  await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), soon)
  await vi.waitFor(() => expect(bot.logged.filter((line) => line.startsWith('info'))).toHaveLength(1), soon)
  const [line] = bot.logged
  for (const part of ['"run":', '"team":', '"by":', '"experiment":"exp-123"', '"end":"done"', '"seconds":']) expect(line).toContain(part)
  for (const secret of ['Aardvark', botToken, signingSecret]) expect(bot.logged.join('\n')).not.toContain(secret)
  await bot.stop()
})

it('writes nothing of what people wrote, and no secret, at debug either', async () => {
  const lines: string[] = []
  const write = (text: string, data?: Record<string, unknown>) => void lines.push(`${text} ${JSON.stringify(data ?? {})}`)
  const bot = await startBot(slack, { deps: { log: { debug: write, info: write, warn: write, error: write } } })
  const channel = slack.channels[0]!
  const ts = await bot.slack.say({ person: 0, channel, text: '@prompts please diagnose exp-124, our codename is Aardvark' })
  await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), soon)
  await bot.slack.say({ person: 0, channel, text: '@prompts why not model=8? Aardvark wants to know', threadTs: ts })
  await vi.waitFor(async () => expect((await slack.answers(channel, ts)).length).toBeGreaterThan(4), soon)
  await vi.waitFor(() => expect(lines.length).toBeGreaterThan(5), soon)
  for (const secret of ['Aardvark', botToken, signingSecret]) expect(lines.join('\n')).not.toContain(secret)
  await bot.stop()
})
