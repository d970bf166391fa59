import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { PromptsError } from '../../src/errors.ts'
import type { RunJob } from '../../src/slack/deps.ts'
import { Housekeeping } from '../../src/slack/housekeeping.ts'
import { retryRun } from '../../src/slack/runs/retry-run.ts'
import { fastClock } from '../support/fast-clock.ts'
import { type Bot, startBot } from '../support/slack/bot.ts'
import { printThread, Workspace } from '../support/slack/workspace.ts'
import { soon } from '../support/soon.ts'

describe('who waits in the queue', () => {
  let slack: Workspace
  let bot: Bot
  beforeAll(async () => {
    slack = await Workspace.start({ channels: 3, clock: fastClock(10) })
  })
  afterEach(() => bot.stop())
  afterAll(() => slack.stop())
  const whispers = () => slack.gate.calls.filter(({ method }) => method === 'chat.postEphemeral').map(({ body }) => body.text)
  const ask = (person: number, id: string) => bot.slack.say({ person, channel: slack.channels[0]!, text: `@prompts diagnose ${id}` })

  it('is told privately what stands before a run that begins in over a minute, and nothing for one that begins soon', async () => {
    bot = await startBot(slack, { env: { PROMPTS_WORKERS: '1' }, fake: { stageMs: 5 } })
    const { runs } = bot.deps
    const first = await ask(0, 'exp-1')
    await vi.waitFor(async () => expect(await slack.answers(slack.channels[0]!, first)).toHaveLength(4), soon)
    expect(whispers()).toEqual([])
    runs.ahead = async () => ({ jobs: 12, running: 1, seconds: 200 })
    await ask(1, 'exp-2')
    await vi.waitFor(() => expect(whispers()).toHaveLength(1), soon)
    expect(whispers()[0]).toContain('12 runs are before *exp-2*: it should begin in about 4 minutes')
  })

  it('is told when no worker takes what waits, once', async () => {
    bot = await startBot(slack)
    const { runs } = bot.deps
    slack.gate.calls.length = 0
    runs.add = async () => {}
    runs.depth = async () => ({ waiting: 1, active: 0 })
    runs.ahead = async () => ({ jobs: 0, running: 0, seconds: null })
    await ask(0, 'exp-3')
    await vi.waitFor(async () => expect(await bot.server.services.records.active()).toHaveLength(1), soon)
    let now = 0
    const housekeeping = new Housekeeping(bot.server.services, { now: () => now })
    await housekeeping.tellNoWorker()
    now = 30_000
    await housekeeping.tellNoWorker()
    await housekeeping.tellNoWorker()
    await vi.waitFor(() => expect(whispers()).toHaveLength(1), soon)
    expect(whispers()[0]).toContain('*exp-3* is next: no worker takes runs at the moment')
  })

  it('gets the answer in the same message when an operator has a failed run tried again', async () => {
    let broken = true
    const fail = () => (broken ? new PromptsError('bad_profile', 'the bucket is not mounted') : null)
    bot = await startBot(slack, { fake: { fail } })
    const channel = slack.channels[1]!
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-4' })
    const text = async () => printThread(await slack.answers(channel, ts))
    await vi.waitFor(async () => expect(await text()).toContain('the bucket is not mounted'), soon)
    const [letter] = await bot.deps.runs.deadLetters(9)
    expect((letter!.data as RunJob).request.subject).toEqual({ kind: 'experiment', id: 'exp-4' })
    broken = false
    expect(await retryRun(bot.deps.runs, bot.server.services.records, 'run-unknown')).toBe(false)
    expect(await retryRun(bot.deps.runs, bot.server.services.records, letter!.id)).toBe(true)
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), soon)
    await vi.waitFor(async () => expect(await text()).toContain('bound by communication'), soon)
    expect(await text()).not.toContain('not mounted')
    expect(slack.gate.violations.filter((said) => said.includes(channel))).toEqual([])
  })
})
