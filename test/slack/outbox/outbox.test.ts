import { WebClient } from '@slack/web-api'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { message, section, table } from '../../../src/slack/blocks/message.ts'
import { silentLog } from '../../../src/slack/log.ts'
import { Outbox } from '../../../src/slack/outbox/outbox.ts'
import { SqliteStateStore } from '../../../src/state/sqlite-state-store.ts'
import { fastClock } from '../../support/fast-clock.ts'
import { botToken, teamId as team, Workspace } from '../../support/slack/workspace.ts'
import { soon } from '../../support/soon.ts'

const say = (text: string) => message(text, [section(text)])

describe('the outbox', () => {
  let slack: Workspace
  let state: SqliteStateStore
  const opened: Outbox[] = []
  let channel = ''
  let thread = ''
  const sentSubjects: unknown[] = []

  const open = async (options: { alone?: boolean } = {}) => {
    const client = new WebClient(botToken, {
      slackApiUrl: slack.apiUrl,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      timeout: 20_000,
      logLevel: 'error' as never,
    })
    const outbox = new Outbox({
      state,
      clock: slack.clock,
      clientFor: async () => client,
      log: silentLog,
      keepDays: 1,
      alone: options.alone ?? true,
      onSent: async (_team, record, subject) => void sentSubjects.push({ ts: record.ts, subject }),
    })
    opened.push(outbox)
    await outbox.start()
    return outbox
  }
  const put = (outbox: Outbox, key: string, text: string, more: object = {}) =>
    outbox.put({ team, key, channel, threadTs: thread, message: say(text), ...more })
  const texts = async () => (await slack.answers(channel, thread)).map((answer) => answer.text)

  beforeAll(async () => {
    slack = await Workspace.start({ channels: 20, clock: fastClock(10) })
  })
  afterAll(() => slack?.stop())
  let count = 0
  beforeEach(async () => {
    state = new SqliteStateStore(':memory:', { clock: slack.clock })
    slack.gate.calls.length = 0
    slack.gate.violations.length = 0
    slack.gate.fault = () => null
    slack.gate.delayMs = 0
    slack.gate.held = null
    sentSubjects.length = 0
    channel = slack.channels[count++ % slack.channels.length]!
    thread = String((await slack.person(0).chat.postMessage({ channel, text: 'ask' })).ts)
  })
  afterEach(async () => {
    for (const outbox of opened.splice(0)) await outbox.close(0)
  })

  it('posts in order, a second apart in a channel, and other channels meanwhile', async () => {
    const outbox = await open()
    const elsewhere = slack.channels[(count + 5) % slack.channels.length]!
    await Promise.all([
      put(outbox, 'a', 'one'),
      put(outbox, 'b', 'two'),
      outbox.put({ team, key: 'c', channel: elsewhere, threadTs: null, message: say('elsewhere') }),
      put(outbox, 'd', 'three'),
    ])
    await vi.waitFor(async () => expect(await texts()).toEqual(['one', 'two', 'three']), soon)
    const posts = slack.gate.calls.filter((call) => call.method === 'chat.postMessage').map(({ body }) => body.text)
    expect(posts).toHaveLength(4)
    expect(posts.indexOf('elsewhere')).toBeLessThan(posts.indexOf('three'))
    expect(slack.gate.violations).toEqual([])
  })

  it('edits what is there, sends only the newest of what waits, and never older content over newer', async () => {
    const outbox = await open()
    await put(outbox, 'root', 'plan')
    await vi.waitFor(async () => expect(await texts()).toEqual(['plan']), soon)
    const steps = Array.from({ length: 10 }, (_, at) => `step ${at}`)
    await Promise.all([...steps, 'summary'].map((text) => put(outbox, 'root', text)))
    await vi.waitFor(async () => expect(await texts()).toEqual(['summary']), soon)
    expect(slack.gate.count('chat.update')).toBeLessThanOrEqual(3)
    expect(slack.gate.count('chat.postMessage')).toBe(1)
    expect(await state.list('outbox-', 10)).toEqual([])
  })

  it('obeys Retry-After, and the message comes once', async () => {
    let refusals = 0
    slack.gate.fault = (method) => (method === 'chat.postMessage' && refusals++ < 2 ? { kind: 'rate_limit', seconds: 1 } : null)
    const outbox = await open()
    await put(outbox, 'a', 'one')
    await vi.waitFor(async () => expect(await texts()).toEqual(['one']), soon)
    const posts = slack.gate.calls.filter((call) => call.method === 'chat.postMessage')
    expect(posts).toHaveLength(3)
    expect(posts[2]!.at - posts[0]!.at).toBeGreaterThanOrEqual(1990)
  })

  it('does not post twice when the answer to a post was lost', async () => {
    let lost = false
    slack.gate.fault = (method) => {
      if (method !== 'chat.postMessage' || lost) return null
      lost = true
      return { kind: 'lose_answer' }
    }
    const outbox = await open()
    await put(outbox, 'a', 'one', { subject: { run: 'run-1', rank: 2 } })
    await vi.waitFor(() => expect(sentSubjects).toHaveLength(1), soon)
    expect(await texts()).toEqual(['one'])
    expect(slack.gate.count('conversations.replies')).toBe(1)
    const record = await outbox.sent(team, 'a')
    expect(await outbox.subjectOf(team, record!)).toEqual({ run: 'run-1', rank: 2, threadTs: thread })
  })

  it('does not post twice when a 429 answers the question whether a lost post arrived', async () => {
    let step = 0
    slack.gate.fault = (method) => {
      if (method === 'chat.postMessage') return step++ === 0 ? { kind: 'lose_answer' } : null
      if (method === 'conversations.replies' && step++ < 3) return { kind: 'rate_limit', seconds: 1 }
      return null
    }
    const outbox = await open()
    await put(outbox, 'a', 'one')
    await vi.waitFor(async () => expect(await outbox.sent(team, 'a')).not.toBeNull(), soon)
    expect(await texts()).toEqual(['one'])
  })

  it('lets other messages go while Slack will not say whether a lost post arrived', async () => {
    let step = 0
    slack.gate.fault = (method) => {
      if (method === 'chat.postMessage') return step++ === 0 ? { kind: 'lose_answer' } : null
      if (method === 'conversations.replies' && step++ < 3) return { kind: 'rate_limit', seconds: 8 }
      return null
    }
    const outbox = await open()
    await put(outbox, 'a', 'one')
    await put(outbox, 'b', 'two')
    await vi.waitFor(async () => expect(await outbox.sent(team, 'a')).not.toBeNull(), soon)
    await vi.waitFor(async () => expect(await outbox.sent(team, 'b')).not.toBeNull(), soon)
    expect(await texts()).toEqual(['one', 'two'])
    const said = slack.gate.calls.map(({ method, body }) => (method === 'conversations.replies' ? 'asked' : body.text))
    expect(said.slice(said.indexOf('asked'))).toEqual(['asked', 'two', 'asked'])
  })

  it('leaves a channel shut only briefly when its process dies in the middle of a post', async () => {
    const first = await open({ alone: false })
    const answer = Promise.withResolvers<void>()
    slack.gate.held = answer.promise
    await put(first, 'a', 'one')
    await vi.waitFor(() => expect(slack.gate.count('chat.postMessage')).toBe(1), soon)
    // it is renewed while the sender lives, past the three seconds that it lasts
    await slack.clock.sleep(3500)
    const shutFor = () => state.take(`pace:post/${team}/${channel}`, { intervalMs: 1, burst: 1 })
    await vi.waitFor(async () => expect(await shutFor()).toBeGreaterThan(1500), soon)
    answer.resolve()
    await vi.waitFor(async () => expect(first.waiting()).toBe(0), soon)
    expect(await shutFor()).toBeLessThanOrEqual(1000)
  })

  it('posts again when the request itself was lost', async () => {
    let lost = false
    slack.gate.fault = (method) => {
      if (method !== 'chat.postMessage' || lost) return null
      lost = true
      return { kind: 'lose_request' }
    }
    const outbox = await open()
    await put(outbox, 'a', 'one')
    await vi.waitFor(async () => expect(await texts()).toEqual(['one']), soon)
  })

  it('falls back to plain blocks, then to text, when Slack refuses blocks', async () => {
    slack.gate.fault = (method, body) =>
      method === 'chat.postMessage' && (body.blocks ?? '').includes('"table"') ? { kind: 'error', error: 'invalid_blocks' } : null
    const outbox = await open()
    await outbox.put({
      team,
      key: 'a',
      channel,
      threadTs: thread,
      message: message('t', [section('kept'), table([['h'], ['cell']], ['left'])]),
    })
    await vi.waitFor(async () => expect(await slack.answers(channel, thread)).toHaveLength(1), soon)
    const [answer] = await slack.answers(channel, thread)
    expect(JSON.stringify(answer?.blocks)).toContain('cell')
    slack.gate.fault = (method, body) =>
      method === 'chat.postMessage' && body.blocks !== '[]' ? { kind: 'error', error: 'invalid_blocks' } : null
    await put(outbox, 'b', 'only text')
    await vi.waitFor(async () => expect(await texts()).toContain('only text'), soon)
  })

  it('goes on after a restart with what was accepted, once', async () => {
    const first = await open()
    slack.gate.fault = (method) => (method === 'chat.postMessage' ? { kind: 'lose_answer' } : null)
    await put(first, 'a', 'one')
    await put(first, 'b', 'two')
    await vi.waitFor(() => expect(slack.gate.calls.length).toBeGreaterThan(0), soon)
    await first.close(0)
    opened.splice(0)
    slack.gate.fault = () => null
    await open()
    await vi.waitFor(async () => expect(await texts()).toEqual(['one', 'two']), soon)
    await vi.waitFor(async () => expect(await state.list('outbox-', 10)).toEqual([]), soon)
  })

  it('two processes with the same work send it once', async () => {
    const [a, b] = [await open({ alone: false }), await open({ alone: false })]
    slack.gate.delayMs = 150
    await Promise.all([put(a, 'same', 'one'), put(b, 'same', 'one')])
    await vi.waitFor(async () => expect(await state.list('outbox-', 10)).toEqual([]), soon)
    expect(await texts()).toEqual(['one'])
    expect(slack.gate.count('chat.postMessage')).toBe(1)
  })

  it('keeps the order of a thread over processes, and does not wait for what was given up', async () => {
    const [a, b] = [await open({ alone: false }), await open({ alone: false })]
    await put(b, 'card2', 'two', { after: 'card1' })
    await put(b, 'card1', 'one', { after: 'root' })
    await put(b, 'free', 'nobody before it')
    await slack.clock.sleep(500)
    await put(a, 'root', 'summary')
    await vi.waitFor(async () => expect(await texts()).toHaveLength(4), soon)
    expect((await texts()).filter((text) => text !== 'nobody before it')).toEqual(['summary', 'one', 'two'])
    slack.gate.fault = (method, body) =>
      method === 'chat.postMessage' && body.text === 'refused' ? { kind: 'error', error: 'msg_too_long' } : null
    await put(a, 'gone', 'refused')
    await put(b, 'later', 'later', { after: 'gone' })
    await vi.waitFor(async () => expect(await texts()).toContain('later'), soon)
  })

  it('lets progress give way to answers, and drops what is too late', async () => {
    const outbox = await open()
    const numbers = [0, 1, 2, 3]
    await Promise.all([
      ...numbers.map((at) => put(outbox, `p${at}`, `progress ${at}`, { priority: 2 })),
      ...numbers.map((at) => put(outbox, `a${at}`, `answer ${at}`)),
    ])
    await vi.waitFor(async () => expect(await texts()).toContain('answer 3'), soon)
    const seen = await texts()
    expect(seen.filter((text) => text.startsWith('answer'))).toHaveLength(4)
    expect(seen.indexOf('answer 3')).toBeLessThanOrEqual(4)
    await vi.waitFor(() => expect(outbox.waiting()).toBe(0), soon)
    expect(seen.filter((text) => text.startsWith('progress')).length).toBeLessThanOrEqual(1)
  })

  it('posts anew when the message to be edited was deleted', async () => {
    const outbox = await open()
    await put(outbox, 'root', 'plan')
    await vi.waitFor(async () => expect(await texts()).toEqual(['plan']), soon)
    const record = await outbox.sent(team, 'root')
    await slack.as(botToken).chat.delete({ channel, ts: record!.ts })
    await put(outbox, 'root', 'summary')
    await vi.waitFor(async () => expect(await texts()).toEqual(['summary']), soon)
  })
})
