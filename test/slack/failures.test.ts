import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { fastClock } from '../support/fast-clock.ts'
import { type Bot, startBot } from '../support/slack/bot.ts'
import { botUser, printThread, Workspace } from '../support/slack/workspace.ts'
import { soon } from '../support/soon.ts'

describe('nothing is lost, nothing lingers', () => {
  let slack: Workspace
  let bot: Bot
  let channel = ''
  let count = 0

  beforeAll(async () => {
    slack = await Workspace.start({ channels: 20, users: 3, clock: fastClock(10) })
  })
  afterAll(() => slack?.stop())
  beforeEach(() => {
    slack.gate.calls.length = 0
    slack.gate.fault = () => null
    slack.gate.answers.clear()
    channel = slack.channels[count++]!
  })
  afterEach(() => bot?.stop())
  const shown = async (ts: string) => printThread(await slack.answers(channel, ts))
  const calls = (method: string) => slack.gate.calls.filter((call) => call.method === method)

  it.each(['cant_update_message', 'edit_window_closed', 'message_not_found'])(
    'a refused edit (%s) posts the summary anew',
    async (error) => {
      bot = await startBot(slack)
      slack.gate.fault = (method) => (method === 'chat.update' ? { kind: 'error', error } : null)
      const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
      await vi.waitFor(async () => expect(await shown(ts)).toContain('fsdp 32 · tensor 2'), soon)
      await vi.waitFor(async () => expect(await shown(ts)).toMatch(/exp-123\*?: \*?fsdp 32/), soon)
    },
  )

  it('what is too long, or has a block that Slack refuses, is tried plainer and shorter', async () => {
    bot = await startBot(slack)
    let tries = 0
    slack.gate.fault = (method, body) => {
      if (method !== 'chat.postMessage' || body.blocks === undefined || body.blocks === '[]' || !String(body.text).startsWith('Card 1'))
        return null
      tries += 1
      return { kind: 'error', error: tries === 1 ? 'invalid_blocks' : 'msg_too_long' }
    }
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), soon)
    expect(tries).toBeGreaterThanOrEqual(2)
    expect((await slack.answers(channel, ts)).some((message) => message.text?.startsWith('Card 1'))).toBe(true)
  })

  it('a workspace that knows no charts gets tables instead, and is not asked again that day', async () => {
    bot = await startBot(slack)
    const refuses = (body: Record<string, string>) => /"type":"data_(?:visualization|table)"/.test(body.blocks ?? '')
    slack.gate.fault = (_method, body) => (refuses(body) ? { kind: 'error', error: 'invalid_blocks' } : null)
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), soon)
    const details = async (thread: string) => {
      const [root] = await slack.answers(channel, thread)
      await bot.slack.click({
        person: 0,
        channel,
        threadTs: thread,
        ts: root!.ts,
        action: 'details',
        value: { run: bot.diagnose.calls.at(-1) },
      })
      await vi.waitFor(async () => expect(await slack.answers(channel, thread)).toHaveLength(5), soon)
      return (await slack.answers(channel, thread)).at(-1)
    }
    const first = JSON.stringify((await details(ts))?.blocks)
    expect(first).toContain('"type":"table"')
    expect(first).toContain('compute')
    expect(first).not.toContain('data_visualization')
    const refused = slack.gate.calls.filter((call) => refuses(call.body)).length
    expect(refused).toBe(1)
    const second = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-124' })
    await vi.waitFor(async () => expect(await slack.answers(channel, second)).toHaveLength(4), soon)
    await details(second)
    expect(slack.gate.calls.filter((call) => refuses(call.body))).toHaveLength(refused)
  })

  it('an edited mention with another id runs it, once; with the same id it does not', async () => {
    bot = await startBot(slack)
    const text = '@prompts diagnose exp-123'
    const ts = await bot.slack.say({ person: 0, channel, text })
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), soon)
    const edit = (from: string, to: string, at: string) => ({
      ...{ type: 'message', subtype: 'message_changed', channel, channel_type: 'channel' },
      message: { user: slack.users[0], text: `<@${botUser}> ${to}`, ts, edited: { user: slack.users[0], ts: at } },
      previous_message: { text: `<@${botUser}> ${from}` },
    })
    await bot.slack.event(edit('diagnose exp-123', 'please diagnose exp-123', '1.1'))
    await bot.slack.event(edit('diagnose exp-123', 'diagnose exp-124', '2.2'))
    await bot.slack.event(edit('diagnose exp-123', 'diagnose exp-124', '2.2'))
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(8), soon)
    expect(bot.diagnose.calls).toHaveLength(2)
  })

  it('a deleted mention stops its run', async () => {
    bot = await startBot(slack, { fake: { until: () => new Promise(() => {}) } })
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await vi.waitFor(() => expect(bot.diagnose.calls).toHaveLength(1), soon)
    const previous_message = { user: slack.users[0], text: 'gone' }
    await bot.slack.event({ type: 'message', subtype: 'message_deleted', channel, deleted_ts: ts, previous_message })
    const run = bot.diagnose.calls[0]!
    await vi.waitFor(async () => expect(await bot.server.services.records.ended(run)).toBe('cancelled'), soon)
  })

  it('a bot that mentions it is told how its owner can let it ask, once; an allowed one is answered', async () => {
    bot = await startBot(slack, { env: { PROMPTS_BOTS: 'B0ALLOWED1' } })
    const mention = async (bot_id: string, ts: string) =>
      bot.slack.event({ type: 'app_mention', subtype: 'bot_message', bot_id, text: `<@${botUser}> diagnose exp-123`, channel, ts })
    const first = await bot.slack.say({ person: 0, channel, text: 'a workflow says' })
    await mention('B0STRANGER', first)
    await mention('B0STRANGER', first)
    await vi.waitFor(async () => expect(await shown(first)).toContain('PROMPTS_BOTS=B0STRANGER'), soon)
    const second = await bot.slack.say({ person: 0, channel, text: 'another workflow says' })
    await mention('B0ALLOWED1', second)
    await vi.waitFor(async () => expect(await slack.answers(channel, second)).toHaveLength(4), soon)
    expect(bot.diagnose.calls).toHaveLength(1)
    expect(await slack.answers(channel, first)).toHaveLength(1)
  })

  it('a mention in a group direct message is answered, once', async () => {
    bot = await startBot(slack)
    const ts = await bot.slack.say({ person: 0, channel, text: 'hi both' })
    const event = { type: 'message', channel_type: 'mpim', user: slack.users[0], text: `<@${botUser}> diagnose exp-123`, channel, ts }
    await bot.slack.event(event)
    await bot.slack.event({ ...event, type: 'app_mention' })
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), soon)
    expect(bot.diagnose.calls).toHaveLength(1)
  })

  it('a file that Slack hides, because another organization shared it, gets that reason', async () => {
    bot = await startBot(slack)
    slack.gate.answers.set('files.info', () => ({ ok: false, error: 'file_not_found' }))
    const files = [{ id: 'F123', file_access: 'check_file_info' }]
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose', files })
    await vi.waitFor(async () => expect(await shown(ts)).toContain('another organization'), soon)
  })

  it('a tick on the summary of several cards asks privately which', async () => {
    bot = await startBot(slack)
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), soon)
    const [root] = await slack.answers(channel, ts)
    await bot.slack.react({ person: 1, channel, ts: root!.ts, name: 'white_check_mark' })
    await vi.waitFor(() => expect(calls('chat.postEphemeral').at(-1)?.body.text).toContain('Which card do you adopt?'), soon)
  })

  it('"compare 1 and 2" in a thread of two runs asks which', async () => {
    bot = await startBot(slack)
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123 exp-124' })
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(8), soon)
    await bot.slack.say({ person: 1, channel, text: 'compare 1 and 2', threadTs: ts })
    await vi.waitFor(async () => expect(await shown(ts)).toContain('Which run do you mean?'), soon)
    const question = (await slack.answers(channel, ts)).at(-1)!
    const run = bot.diagnose.calls[1]
    const value = { run, text: 'compare 1 and 2' }
    await bot.slack.click({ person: 1, channel, threadTs: ts, ts: question.ts, action: 'which_run_1', value })
    await vi.waitFor(async () => expect((await slack.answers(channel, ts)).at(-1)?.text).toContain('compare'), soon)
    expect((await slack.answers(channel, ts)).at(-1)?.text).toContain('[1,2]')
  })
})
