import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { openLineJobs } from '../../src/cli/line-jobs.ts'
import { readConfig } from '../../src/config.ts'
import { heavyWorkOfCommand } from '../../src/threads/heavy-work.ts'
import { fastClock } from '../support/fast-clock.ts'
import { type Bot, startBot } from '../support/slack/bot.ts'
import { printThread, Workspace } from '../support/slack/workspace.ts'
import { soon } from '../support/soon.ts'

describe('a job of one line in Slack', () => {
  let slack: Workspace
  let bot: Bot
  let channel = ''
  let count = 0
  const lineJobs = openLineJobs(readConfig({}), heavyWorkOfCommand())

  beforeAll(async () => {
    slack = await Workspace.start({ channels: 20, clock: fastClock(10) })
    bot = await startBot(slack, { deps: { lineJobs } })
  })
  afterAll(async () => {
    await bot?.stop()
    await slack?.stop()
  })
  beforeEach(() => {
    channel = slack.channels[count++]!
  })
  afterEach(() => expect(slack.gate.violations).toEqual([]))
  const say = (text: string, threadTs?: string) => bot.slack.say({ person: 0, channel, text, ...(threadTs ? { threadTs } : {}) })
  const answers = async (ts: string) => (await slack.answers(channel, ts)).map((message) => printThread([message]))
  const last = async (ts: string, answer: number) => {
    await vi.waitFor(async () => expect((await answers(ts)).length).toBeGreaterThanOrEqual(answer), soon)
    return (await answers(ts)).at(-1)!
  }

  it('plans it, plans it again with what a reply says, and gives the file', async () => {
    const ts = await say('@prompts plan "llama3-8b on v6e-16, seq 4096, batch 64"')
    const plan = await last(ts, 1)
    expect(plan).toMatch(/llama3-8b-v6e-16.*legal meshes fit/)
    expect(plan).toMatch(/Assumed[\s\S]*remat full/)
    await say('batch 128', ts)
    await last(ts, 2)
    await say('remat minimal', ts)
    expect(await last(ts, 3)).not.toContain('remat full')
    await say('file', ts)
    const file = await last(ts, 4)
    expect(file).toContain('global_batch: 128')
    expect(file).toContain('remat: minimal')
  })

  it('leaves talk in its thread alone', async () => {
    const ts = await say('@prompts plan llama3-8b on v6e-16')
    await last(ts, 1)
    await say('thanks, we will take 8 of them', ts)
    await say('hm, ok', ts)
    await say('batch 32', ts)
    expect(await last(ts, 2)).toContain('llama3-8b-v6e-16')
    expect(await answers(ts)).toHaveLength(2)
  })

  it('compares slices, changes an objective, and forgets the job', async () => {
    const ts = await say('@prompts size serve llama3-8b, 1k in 256 out, 32 users, tpot 20 ms')
    expect(await last(ts, 1)).toMatch(/the cheapest first[\s\S]*Assumed[\s\S]*list prices of \d{4}-\d\d-\d\d/)
    await say('tpot 0.01 ms', ts)
    expect(await last(ts, 2)).toContain('No slice that was looked at meets')
    await say('@prompts forget', ts)
    expect(await last(ts, 3)).toContain('forgotten')
    await say('tpot 20 ms', ts)
    await say('@prompts plan llama3-8b on v6e-8', ts)
    expect(await last(ts, 4)).toContain('llama3-8b-v6e-8')
    expect(await answers(ts)).toHaveLength(4)
  })

  it('says what is most likely meant by a wrong line', async () => {
    const ts = await say('@prompts plan llama3-8b on v6e-16 batsh 64')
    expect(await last(ts, 1)).toMatch(/Did you mean "llama3-8b on v6e-16 batch 64"/)
  })

  it('takes a job without a verb, and a plan of an id as before', async () => {
    expect(await last(await say('@prompts llama3-8b on v6e-16, seq 4096'), 1)).toMatch(/legal meshes fit/)
    expect(await last(await say('@prompts plan exp-123'), 1)).toMatch(/Plans are not available/)
  })
})
