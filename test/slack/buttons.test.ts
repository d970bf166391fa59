import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { ofRun } from '../../src/state/keys.ts'
import { fastClock } from '../support/fast-clock.ts'
import { type Bot, startBot } from '../support/slack/bot.ts'
import { Workspace } from '../support/slack/workspace.ts'
import { soon } from '../support/soon.ts'

/** Every button of ours with the value that it carries. */
const buttons = (run: string): [action: string, value: unknown][] => [
  ['adopt', { run, rank: 1 }],
  ['unadopt', { run, rank: 1 }],
  ['cancel', { run }],
  ['outcome_undo', { run }],
  ['which_run_1', { run, text: 'why not model=8?' }],
  ['details', { run }],
  ['answer_0_1', { run, answers: { seq_len: '4096' } }],
  ['diagnose_0', { run, id: 'exp-124' }],
  ['answer_all', { run, answers: { seq_len: '4096', global_batch: '64' } }],
  ['all_settings', { run, rank: 1 }],
  ['feedback', { run, feedback: 'good' }],
  ['why_not', { run, rank: 1 }],
]

describe('the buttons of a run', () => {
  let slack: Workspace
  let bot: Bot
  let channel = ''
  let ts = ''
  let run = ''
  let opened = 0

  beforeAll(async () => {
    slack = await Workspace.start({ channels: 3, clock: fastClock(10) })
  })
  afterAll(() => slack?.stop())
  let count = 0
  beforeEach(async () => {
    slack.gate.calls.length = 0
    channel = slack.channels[count++]!
    bot = await startBot(slack)
    ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await vi.waitFor(async () => expect((await slack.answers(channel, ts)).length).toBe(4), soon)
    run = bot.diagnose.calls[0]!
    opened = 0
    slack.gate.answers.set('views.open', () => {
      opened += 1
      return { ok: true }
    })
  })
  afterEach(async () => {
    slack.gate.answers.clear()
    await bot.stop()
  })

  const whispers = (words: string) =>
    slack.gate.calls.filter((call) => call.method === 'chat.postEphemeral' && call.body.text?.includes(words)).length
  const pressAll = async (person: number) => {
    const messages = await slack.answers(channel, ts)
    for (const [action, value] of buttons(run)) {
      await bot.slack.click({ person, channel, threadTs: ts, ts: messages[1]!.ts, action, value })
    }
  }
  const nothingHappened = async (before: number) => {
    expect(opened).toBe(0)
    expect(bot.diagnose.adoptions).toEqual([])
    expect(await bot.deps.memory.events(run)).toHaveLength(before)
    expect(await slack.answers(channel, ts)).toHaveLength(4)
  }

  it('do nothing for a guest, each of them', async () => {
    const before = (await bot.deps.memory.events(run)).length
    slack.gate.answers.set('users.info', () => ({ ok: true, user: { is_restricted: true } }))
    await pressAll(1)
    await vi.waitFor(() => expect(whispers('I do not answer guests')).toBe(buttons(run).length), soon)
    await nothingHappened(before)
  })

  it('do nothing where they carry a run of another workspace, each of them', async () => {
    const before = (await bot.deps.memory.events(run)).length
    const record = JSON.parse((await bot.deps.state.get(ofRun.record(run))) ?? '{}')
    expect(record.team).toBe('T000000001')
    await bot.deps.state.set(ofRun.record(run), JSON.stringify({ ...record, team: 'T000000002' }), 600_000)
    await pressAll(0)
    await vi.waitFor(() => expect(whispers('This run has been deleted')).toBe(buttons(run).length), soon)
    await nothingHappened(before)
  })
})
