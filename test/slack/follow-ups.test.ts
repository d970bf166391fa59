import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Thread } from '../../src/thread/thread.ts'
import { fastClock } from '../support/fast-clock.ts'
import { type Bot, startBot } from '../support/slack/bot.ts'
import { Workspace } from '../support/slack/workspace.ts'
import { soon } from '../support/soon.ts'

const sentences = [
  'Communication is exposed for a third of the step, which is what holds this job back. ',
  'Card 1 gathers less and waits less, so a step gets shorter by a quarter. ',
  'The rest of the step is matmuls that no mesh makes faster.',
]

/** A thread in which a model writes the answer, sentence by sentence; `pause` is what it waits for behind each. */
const writing = (pause: (sentence: number) => Promise<void>): Thread => ({
  async answer(_question, { onText }) {
    for (let count = 1; count <= sentences.length; count++) {
      onText?.(sentences.slice(0, count).join(''))
      await pause(count)
    }
    return { kind: 'question', text: sentences.join('') }
  },
})

describe('an answer in a thread', () => {
  let slack: Workspace
  let bot: Bot
  let channel = ''
  let count = 0

  beforeAll(async () => {
    slack = await Workspace.start({ channels: 8, users: 2, clock: fastClock(10) })
  })
  afterAll(() => slack?.stop())
  beforeEach(() => {
    slack.gate.calls.length = 0
    slack.gate.fault = () => null
    slack.gate.answers.clear()
    channel = slack.channels[count++]!
  })
  afterEach(() => bot?.stop())
  const calls = (method: string) => slack.gate.calls.filter((call) => call.method === method)
  const diagnosed = async () => {
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), soon)
    return ts
  }

  it('grows in a stream of Slack’s while a model writes it, and ends as one message', async () => {
    const seen = async (sentence: number) => {
      const method = sentence === 1 ? 'chat.startStream' : 'chat.appendStream'
      await vi.waitFor(() => expect(calls(method).length).toBeGreaterThan(0), soon)
    }
    bot = await startBot(slack, { deps: { thread: writing(seen) } })
    const ts = await diagnosed()
    // Slack's streams, which the emulator lacks: a message that is there from its start
    let streamed = ''
    slack.gate.answers.set('chat.startStream', () => ({ ok: true, ts: streamed }))
    slack.gate.answers.set('chat.appendStream', () => ({ ok: true }))
    slack.gate.answers.set('chat.stopStream', () => ({ ok: true }))
    const posted = await slack
      .as('xoxb-prompts')
      .chat.postMessage({ channel, thread_ts: ts, text: 'stream' })
      .catch(() => null)
    streamed = String(posted?.ts ?? '1.1')
    await bot.slack.say({ person: 1, channel, text: '@prompts is there any hope for my job?', threadTs: ts })
    await vi.waitFor(() => expect(calls('chat.stopStream')).toHaveLength(1), soon)
    const start = calls('chat.startStream')[0]!
    expect(start.body).toMatchObject({ channel, thread_ts: ts, recipient_user_id: slack.users[1] })
    const said = [start, ...calls('chat.appendStream')].map((call) => call.body.markdown_text).join('')
    expect(said).toBe(sentences.join('').slice(0, said.length))
    expect(calls('chat.appendStream').length).toBeGreaterThan(0)
    await vi.waitFor(() => expect(calls('chat.update').some((call) => call.body.ts === streamed)).toBe(true), soon)
    expect(calls('chat.update').at(-1)?.body.text).toContain('no mesh makes faster')
  })

  it('is one message where the workspace refuses streams, which it is not asked for again', async () => {
    bot = await startBot(slack, { deps: { thread: writing(() => slack.clock.sleep(1500)) } })
    const ts = await diagnosed()
    slack.gate.answers.set('chat.startStream', () => ({ ok: false, error: 'method_not_supported_for_channel_type' }))
    for (const answers of [5, 6]) {
      await bot.slack.say({ person: 1, channel, text: '@prompts is there any hope for my job?', threadTs: ts })
      await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(answers), soon)
    }
    expect((await slack.answers(channel, ts)).at(-1)?.text).toContain('no mesh makes faster')
    expect(calls('chat.startStream')).toHaveLength(1)
  })

  it('that cannot be given offers the nearest that can as buttons, which ask them', async () => {
    bot = await startBot(slack)
    const ts = await diagnosed()
    await bot.slack.say({ person: 1, channel, text: '@prompts gibberish', threadTs: ts })
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(5), soon)
    const unknown = (await slack.answers(channel, ts)).at(-1)!
    expect(JSON.stringify(unknown.blocks)).toContain('"action_id":"ask_0"')
    const value = { run: bot.diagnose.calls[0], text: 'why not model=8?' }
    await bot.slack.click({ person: 0, channel, threadTs: ts, ts: unknown.ts, action: 'ask_0', value })
    await vi.waitFor(async () => expect((await slack.answers(channel, ts)).at(-1)?.text).toContain('model=8 moves 2.1 GB more'), soon)
  })

  it('is suggested where the direct messages are opened, for the experiments that there are', async () => {
    bot = await startBot(slack)
    slack.gate.answers.set('assistant.threads.setSuggestedPrompts', () => ({ ok: true }))
    await bot.slack.event({ type: 'app_home_opened', user: slack.users[0], channel: 'D0000000001', tab: 'messages' })
    await vi.waitFor(() => expect(calls('assistant.threads.setSuggestedPrompts')).toHaveLength(1), soon)
    const { channel_id, prompts, thread_ts } = calls('assistant.threads.setSuggestedPrompts')[0]!.body
    expect(channel_id).toBe('D0000000001')
    expect(thread_ts).toBeUndefined()
    expect(prompts).toContain('diagnose exp-123')
    expect(JSON.parse(prompts!)).toHaveLength(4)
  })

  it('that is called not useful asks what was wrong, keeps it with the run, and says what to do about it', async () => {
    bot = await startBot(slack)
    const ts = await diagnosed()
    const [root] = await slack.answers(channel, ts)
    const run = bot.diagnose.calls[0]!
    const click = (action: string, value: object) => bot.slack.click({ person: 0, channel, threadTs: ts, ts: root!.ts, action, value })
    await click('feedback', { run, feedback: 'bad' })
    await vi.waitFor(() => expect(calls('chat.postEphemeral').at(-1)?.body.text).toContain('What was wrong?'), soon)
    expect(calls('chat.postEphemeral').at(-1)?.body.blocks).toContain('feedback_why_1')
    await click('feedback_why_1', { run, feedback: 'bad', about: 'figure' })
    await vi.waitFor(() => expect(calls('chat.postEphemeral').at(-1)?.body.text).toContain('card 1 ran at 22.9 s'), soon)
    expect(JSON.stringify(await bot.deps.memory.events(run))).toContain('"about":"figure"')
    expect(await bot.deps.metrics.text()).toContain('prompts_feedback_total{feedback="bad",about="figure"} 1')
  })
})
