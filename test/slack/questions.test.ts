import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { OpenQuestion } from '../../src/contract/answers.ts'
import { PromptsError } from '../../src/errors.ts'
import { fastClock } from '../support/fast-clock.ts'
import { type Bot, startBot } from '../support/slack/bot.ts'
import { sampleDiagnosis } from '../support/slack/diagnoses.ts'
import { printThread, Workspace } from '../support/slack/workspace.ts'
import { soon } from '../support/soon.ts'

const open: OpenQuestion[] = [
  { name: 'global_batch', why: 'no input is a batch of tokens', choices: ['64', '128'], needed: true },
  { name: 'mesh', why: 'no weight is split', choices: ['data=16', 'data=4,model=4'], needed: true },
]

describe('what nothing says of a run', () => {
  let slack: Workspace
  let bot: Bot
  const said: Record<string, unknown>[] = []
  beforeAll(async () => {
    slack = await Workspace.start({ channels: 4, clock: fastClock(10) })
  })
  afterAll(() => slack?.stop())
  afterEach(() => bot?.stop())

  const start = async (more: Parameters<typeof startBot>[1] = {}) => {
    said.length = 0
    bot = await startBot(slack, more)
    bot.deps.experiments.answerRun = async (team, run, answers, by) => void said.push({ team, run, answers, by })
  }
  const noCards = (run: string) => sampleDiagnosis({ run, experiment: null, cards: [], notes: [] })
  const root = async (channel: string, ts: string) => (await slack.answers(channel, ts))[0]

  it('is one question in the thread, answered by a click, which starts the diagnosis again', async () => {
    const channel = slack.channels[0]!
    let known = 0
    await start({
      fake: {
        questions: () => (known++ === 0 ? open : []),
        diagnosis: (run, experiment) => (known === 1 ? noCards(run) : sampleDiagnosis({ run, experiment })),
      },
    })
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await vi.waitFor(async () => expect(JSON.stringify(await root(channel, ts))).toContain('What ran?'), soon)
    const message = (await root(channel, ts))!
    const text = printThread([message])
    expect(text.split('What ran?')).toHaveLength(2)
    expect(text).toContain('no input is a batch of tokens')
    expect(text).toContain('diagnose exp-123 global_batch=64 data=16')
    const buttons = (message.blocks as { type: string; elements?: { action_id: string; value: string }[] }[])
      .filter((block) => block.type === 'actions')
      .flatMap((block) => block.elements ?? [])
    expect(new Set(buttons.map((one) => one.action_id)).size).toBe(buttons.length)
    const all = buttons.find((one) => one.action_id === 'answer_all')!
    expect(JSON.parse(all.value).answers).toEqual({ global_batch: '64', mesh: 'data=16' })
    const mesh = buttons.find((one) => one.value.includes('data=4,model=4'))!
    await bot.slack.click({ person: 1, channel, threadTs: ts, ts: message.ts!, action: mesh.action_id, value: JSON.parse(mesh.value) })
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(5), soon)
    expect(said).toEqual([expect.objectContaining({ run: 'exp-123', answers: { mesh: 'data=4,model=4' } })])
    expect(bot.diagnose.calls).toHaveLength(2)
    const last = printThread(await slack.answers(channel, ts))
    expect(last).toContain('fsdp 32 · tensor 2')
  })

  it('is answered in words too, and only by those who may ask', async () => {
    const channel = slack.channels[1]!
    await start({ fake: { questions: () => open, diagnosis: (run) => noCards(run) } })
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123 on v5e-16 global_batch=64 data=4 model=4' })
    await vi.waitFor(() => expect(bot.diagnose.calls).toHaveLength(1), soon)
    expect(said).toEqual([
      expect.objectContaining({ run: 'exp-123', answers: { slice: 'v5e-16', global_batch: '64', mesh: 'data=4,model=4' } }),
    ])
    await vi.waitFor(async () => expect(JSON.stringify(await root(channel, ts))).toContain('What ran?'), soon)
    const run = bot.diagnose.calls[0]!
    const message = (await root(channel, ts))!
    const press = (value: unknown) => bot.slack.click({ person: 0, channel, threadTs: ts, ts: message.ts!, action: 'answer_0_0', value })
    // what a button's value may not say: another name, or a value that the name cannot have
    await press({ run, answers: { profile: '/etc/passwd' } })
    await press({ run, answers: { seq_len: 'rm -rf' } })
    await press({ run: 'run-of-others', answers: { seq_len: '4096' } })
    await press({ run, answers: { seq_len: '4096' } })
    await vi.waitFor(() => expect(said).toHaveLength(2), soon)
    expect(said[1]).toMatchObject({ run: 'exp-123', answers: { seq_len: '4096' } })
  })

  it('has the slices as buttons where no profile is there', async () => {
    const channel = slack.channels[2]!
    let known = false
    const unknown = new PromptsError('slice_unknown', 'Nothing says which slice run exp-123 ran on', {
      hint: 'Say it once.',
      choices: [{ label: 'v5e-16 (4x4)', value: 'v5e-16' }],
    })
    await start({ fake: { fail: () => (known ? null : unknown) } })
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await vi.waitFor(async () => expect(JSON.stringify(await root(channel, ts))).toContain('v5e-16 (4x4)'), soon)
    known = true
    const value = { run: bot.diagnose.calls[0]!, answers: { slice: 'v5e-16' } }
    await bot.slack.click({ person: 0, channel, threadTs: ts, ts: (await root(channel, ts))!.ts!, action: 'answer_0_0', value })
    await vi.waitFor(async () => expect(printThread(await slack.answers(channel, ts))).toContain('fsdp 32 · tensor 2'), soon)
    expect(said).toEqual([expect.objectContaining({ run: 'exp-123', answers: { slice: 'v5e-16' } })])
  })

  it('has a button for each place and each run that may be meant', async () => {
    const channel = slack.channels[3]!
    const errors: Record<string, PromptsError> = {
      'exp-1': new PromptsError('ambiguous_experiment', 'exp-1 is in 2 places', { choices: [{ label: '2: bucket', value: 'place=2' }] }),
      'exp-2': new PromptsError('unknown_experiment', 'No experiment exp-2', { choices: [{ label: 'exp-22', value: 'exp-22' }] }),
    }
    await start({ fake: { fail: (experiment) => (said.length > 0 ? null : (errors[experiment ?? ''] ?? null)) } })
    const ask = async (id: string, label: string) => {
      const ts = await bot.slack.say({ person: 0, channel, text: `@prompts diagnose ${id}` })
      await vi.waitFor(async () => expect(JSON.stringify(await root(channel, ts))).toContain(label), soon)
      const message = (await root(channel, ts))!
      const [press] = (message.blocks as { type: string; elements?: { action_id: string; value: string }[] }[]).flatMap((block) =>
        block.type === 'actions' ? (block.elements ?? []) : [],
      )
      await bot.slack.click({
        person: 0,
        channel,
        threadTs: ts,
        ts: message.ts!,
        action: press!.action_id,
        value: JSON.parse(press!.value),
      })
      await vi.waitFor(async () => expect(printThread(await slack.answers(channel, ts))).toContain('fsdp 32 · tensor 2'), soon)
    }
    await ask('exp-2', 'exp-22')
    expect(said).toEqual([])
    await ask('exp-1', '2: bucket')
    expect(said).toEqual([expect.objectContaining({ run: 'exp-1', answers: { place: '2' } })])
  })
})
