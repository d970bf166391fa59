import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { PromptsError } from '../../src/errors.ts'
import { fastClock } from '../support/fast-clock.ts'
import { type Bot, startBot } from '../support/slack/bot.ts'
import { card } from '../support/slack/diagnoses.ts'
import { botUser, printThread, type ThreadMessage, Workspace } from '../support/slack/workspace.ts'
import { soon } from '../support/soon.ts'

/** The run that a message's buttons are of. */
const shownRun = (message: ThreadMessage) => /run-\d{8}-[0-9a-f]{12}/.exec(JSON.stringify(message.blocks))?.[0]

describe('a conversation in Slack', () => {
  let slack: Workspace
  let bot: Bot
  let channel = ''
  let count = 0

  beforeAll(async () => {
    slack = await Workspace.start({ channels: 40, users: 3, clock: fastClock(10) })
  })
  afterAll(() => slack?.stop())
  beforeEach(() => {
    slack.gate.calls.length = 0
    slack.gate.violations.length = 0
    slack.gate.fault = () => null
    channel = slack.channels[count++]!
  })
  afterEach(async () => {
    await bot?.stop()
    expect(slack.gate.violations).toEqual([])
  })
  const texts = (messages: ThreadMessage[]) => messages.map((message) => `${message.text}\n${printThread([message])}`)
  const answered = async (ts: string, cards = 3) => {
    await vi.waitFor(async () => {
      const found = await slack.answers(channel, ts)
      expect(found.length).toBeGreaterThanOrEqual(1 + cards)
      expect(texts(found)[0]).toContain('bound by communication')
    }, soon)
    return slack.answers(channel, ts)
  }
  const ephemerals = () => slack.gate.calls.filter((call) => call.method === 'chat.postEphemeral')

  it('answers a mention in its thread: plan at once, then the summary in its place and three cards', async () => {
    const gate = Promise.withResolvers<void>()
    bot = await startBot(slack, { fake: { until: () => gate.promise } })
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await vi.waitFor(async () => expect(texts(await slack.answers(channel, ts))[0]).toContain('Diagnosing exp-123'), soon)
    await vi.waitFor(async () => expect((await slack.thread(channel, ts))[0]?.reactions ?? []).toHaveLength(1), soon)
    const [asked] = await slack.thread(channel, ts)
    expect(asked?.reactions?.map((reaction) => reaction.name)).toEqual(['eyes'])
    const [root] = await slack.answers(channel, ts)
    await vi.waitFor(async () => expect(texts(await slack.answers(channel, ts))[0]).toContain('complete'), soon)
    gate.resolve()
    const found = await answered(ts)
    expect(found).toHaveLength(4)
    expect(found[0]?.ts).toBe(root?.ts)
    const card1 = texts(found)[1]!
    expect(card1).toContain('data=32 · model=2')
    expect(card1).toContain('*fsdp 32 · tensor 2*')
    expect(card1).toContain('*22% less time per step (18–26%, 98% likely better)*; about 22.5 s per step (20.9 s to 24.3 s)')
    expect(card1).toContain('fits: 78 of 95.7 GiB')
    expect(texts(found)[0]).toContain('about 22% less time per step (18–26%, 98% likely better); fits: 78 of 95.7 GiB')
    expect(card1).toContain('ici_fsdp_parallelism=32 ici_tensor_parallelism=2')
    await vi.waitFor(async () => expect((await slack.thread(channel, ts))[0]?.reactions ?? []).toEqual([]), soon)
    expect(bot.diagnose.calls).toHaveLength(1)
    const events = await bot.deps.memory.events(bot.diagnose.calls[0]!)
    expect(events[0]).toMatchObject({ kind: 'request' })
  })

  it('reads several ids, links, code spans and pasted experiments; one run each', async () => {
    bot = await startBot(slack)
    const xprof = '<http://xprof.example.com:6006/?run=exp-7/2026_01_01_00_00_00&tool=overview_page#profile>'
    const yaml =
      '```id: pasted-1\nhardware: {chip: v5p, topology: 4x4x4}\nphase: train\nmodel: llama2-70b\nrun: {global_batch: 8, seq_len: 128}\nprofile: ../../etc```'
    await bot.slack.say({ person: 0, channel, text: `@prompts diagnose exp-1, \`exp-2\` and ${xprof} please ${yaml}` })
    await vi.waitFor(() => expect(bot.diagnose.calls).toHaveLength(4), soon)
    const requests = await bot.deps.memory.list({ tenant: 'T000000001', limit: 10 })
    const ids = requests.map((request) => (request.subject.kind === 'experiment' ? request.subject.id : request.subject.kind)).sort()
    expect(ids).toEqual(['exp-1', 'exp-2', 'exp-7', 'inline'])
    const inline = requests.find((request) => request.subject.kind === 'inline')
    expect(JSON.stringify(inline)).not.toContain('etc')
  })

  it('reads an experiment file, and refuses one from elsewhere or too large without asking for it', async () => {
    bot = await startBot(slack)
    slack.gate.files.set(
      '/files/exp.yaml',
      'id: file-1\nhardware: {chip: v5p, topology: 4x4x4}\nphase: train\nmodel: llama2-70b\nrun: {global_batch: 8, seq_len: 128}\n',
    )
    const file = (name: string, url: string, size = 200) => ({ name, size, url_private_download: url })
    const send = (...files: unknown[]) => bot.slack.say({ person: 0, channel, text: '@prompts diagnose', files })
    await send(file('exp.yaml', `${slack.url}/files/exp.yaml`))
    await vi.waitFor(() => expect(bot.diagnose.calls).toHaveLength(1), soon)
    const bad = await send(
      file('evil.yaml', 'http://169.254.169.254/x.yaml'),
      file('lookalike.yaml', 'https://files.slack.com.example.org/x.yaml'),
      file('big.yaml', `${slack.url}/files/exp.yaml`, 10_000_000),
    )
    await vi.waitFor(async () => {
      const said = texts(await slack.answers(channel, bad)).join('\n')
      expect(said).toContain('evil.yaml does not lie with Slack')
      expect(said).toContain('lookalike.yaml does not lie with Slack')
      expect(said).toContain('big.yaml is longer than 256 KiB')
    }, soon)
    expect(bot.diagnose.calls).toHaveLength(1)
  })

  it('helps with a real example where there is no id', async () => {
    bot = await startBot(slack)
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts can you look at our job?' })
    await vi.waitFor(async () => expect(texts(await slack.answers(channel, ts)).join()).toContain('diagnose exp-123'), soon)
    expect(bot.diagnose.calls).toEqual([])
  })

  it('says a failure with its reason, its id and what to do, in the place of the plan', async () => {
    const error = new PromptsError('unknown_experiment', 'No experiment exp-999 in folder examples', { hint: 'Nearest: exp-123' })
    bot = await startBot(slack, { fake: { fail: () => error } })
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-999' })
    await vi.waitFor(async () => expect(texts(await slack.answers(channel, ts)).join()).toContain('Nearest: exp-123'), soon)
    const found = await slack.answers(channel, ts)
    expect(found).toHaveLength(1)
    expect(texts(found)[0]).toContain(error.id)
  })

  it('says in a failed run’s thread why it failed, and what to do, when asked there', async () => {
    const error = new PromptsError('bad_experiment', 'exp-9: run.global_batch is missing', { hint: 'Add it.' })
    bot = await startBot(slack, { fake: { fail: (id) => (id === 'exp-9' ? error : null) } })
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-9' })
    await vi.waitFor(async () => expect(texts(await slack.answers(channel, ts)).join()).toContain('Add it.'), soon)
    await bot.slack.say({ person: 1, channel, text: 'why not model=8?', threadTs: ts })
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(2), soon)
    const reply = texts(await slack.answers(channel, ts))[1]
    expect(reply).toContain('The diagnosis of exp-9 failed: exp-9: run.global_batch is missing')
    expect(reply).toContain('`diagnose exp-9` to try again')
    expect(reply).toContain(error.id)
    // another run of this thread answers: questions go to it
    await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-10', threadTs: ts })
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(6), soon)
    await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-9', threadTs: ts })
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(7), soon)
    await bot.slack.say({ person: 1, channel, text: 'why not model=8?', threadTs: ts })
    await vi.waitFor(async () => expect(texts(await slack.answers(channel, ts)).at(-1)).toContain('model=8 moves 2.1 GB'), soon)
  })

  it('takes each delivery once, whatever its retry header says and by whichever event it comes', async () => {
    bot = await startBot(slack)
    const ts = await bot.slack.mention({ person: 0, channel, text: '@prompts diagnose exp-123', times: 4 })
    await bot.slack.event({ type: 'app_mention', user: slack.users[0], channel, ts, text: `<@${botUser}> diagnose exp-123` })
    const found = await answered(ts)
    expect(found).toHaveLength(4)
    // a first delivery that says it is a retry, as after a restart
    const late = String((await slack.person(0).chat.postMessage({ channel, text: 'x' })).ts)
    await bot.slack.event(
      { type: 'app_mention', user: slack.users[0], channel, ts: late, text: `<@${botUser}> diagnose exp-9` },
      { retry: 2 },
    )
    await answered(late)
    expect(bot.diagnose.calls).toHaveLength(2)
  })

  it('two people asking for the same experiment join one run; both threads get the answer', async () => {
    let gate = Promise.withResolvers<void>()
    bot = await startBot(slack, { fake: { until: () => gate.promise } })
    // as it was posted: the run's progress takes its place within a second
    const joined = (ts: string) =>
      vi.waitFor(() => {
        const posts = slack.gate.calls.filter(({ method, body }) => method === 'chat.postMessage' && body.thread_ts === ts)
        const said = posts.map(({ body }) => body.blocks).join()
        expect(said).toContain('is being diagnosed already')
        return said
      }, soon)
    const first = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    const second = await bot.slack.say({ person: 1, channel, text: '@prompts diagnose exp-123' })
    await joined(second)
    gate.resolve()
    expect(await answered(first)).toHaveLength(4)
    expect(await answered(second)).toHaveLength(4)
    expect(bot.diagnose.calls).toHaveLength(1)
    // where one thread does not want it any more, the other still gets it
    gate = Promise.withResolvers<void>()
    const third = await bot.slack.say({ person: 1, channel, text: '@prompts diagnose exp-124' })
    const fourth = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-124' })
    expect(await joined(fourth)).toContain(`${channel}-${third}`)
    await bot.slack.say({ person: 0, channel, text: 'cancel', threadTs: fourth })
    await vi.waitFor(
      async () => expect(texts(await slack.answers(channel, fourth)).join()).toContain('It goes on for the other thread'),
      soon,
    )
    gate.resolve()
    expect(await answered(third)).toHaveLength(4)
    expect(await slack.answers(channel, fourth)).toHaveLength(1)
    // afterwards the same experiment is a new run
    const fifth = await bot.slack.say({ person: 1, channel, text: '@prompts diagnose exp-123' })
    await answered(fifth)
    expect(bot.diagnose.calls).toHaveLength(3)
  })

  it('cancels by button and by word; nothing follows', async () => {
    bot = await startBot(slack, { fake: { until: () => new Promise(() => {}) } })
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(1), soon)
    const [root] = await slack.answers(channel, ts)
    await bot.slack.click({ person: 1, channel, threadTs: ts, ts: root!.ts, action: 'cancel', value: { run: shownRun(root!) } })
    await vi.waitFor(async () => expect(texts(await slack.answers(channel, ts))[0]).toContain('was cancelled by'), soon)
    const again = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-124' })
    await vi.waitFor(() => expect(bot.diagnose.calls).toHaveLength(2), soon)
    await bot.slack.say({ person: 0, channel, text: 'cancel', threadTs: again })
    await vi.waitFor(async () => expect(texts(await slack.answers(channel, again))[0]).toContain('was cancelled by'), soon)
    expect(await slack.answers(channel, ts)).toHaveLength(1)
    await vi.waitFor(async () => expect(await bot.deps.runs.depth()).toEqual({ waiting: 0, active: 0 }), soon)
  })

  it('adopts by reaction, changes its mind, takes it back, and leaves others’ reactions alone', async () => {
    bot = await startBot(slack)
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    const [root, one, two, three] = await answered(ts)
    const last = async () => texts(await slack.answers(channel, ts)).at(-1)
    const [user0, user1] = slack.users
    const react = (person: number, message: ThreadMessage | undefined, name: string, remove = false) =>
      bot.slack.react({ person, channel, ts: message!.ts, name, remove })

    await react(0, one, 'tada')
    await react(0, one, '+1::skin-tone-3')
    await vi.waitFor(async () => expect(await last()).toContain(`<@${user0}> adopted card 1`), soon)
    await vi.waitFor(async () => expect(texts(await slack.answers(channel, ts))[1]).toContain('[Take back]'), soon)
    await react(0, root, 'two')
    await vi.waitFor(async () => expect(await last()).toContain(`<@${user0}> adopted card 2`), soon)
    expect(await last()).toContain('instead of card 1')
    await react(1, three, 'white_check_mark')
    await vi.waitFor(async () => expect(await last()).toContain(`<@${user1}> adopted card 3`), soon)
    await react(1, three, 'white_check_mark', true)
    await vi.waitFor(
      async () => expect(await last()).toContain(`<@${user1}> took card 3 back. Card 2, adopted by <@${user0}>, stands.`),
      soon,
    )
    await react(0, root, 'two', true)
    await vi.waitFor(async () => expect(await last()).toContain('Card 1, adopted'), soon)
    await react(0, one, '+1::skin-tone-3', true)
    await vi.waitFor(async () => expect(await last()).toContain('No card of this run is adopted now'), soon)
    // the wrong number on a card asks privately; reactions on other messages say nothing
    await react(0, two, 'three')
    await vi.waitFor(() => expect(ephemerals()).toHaveLength(1), soon)
    expect(ephemerals()[0]?.body.text).toContain('on card 2')
    await bot.slack.react({ person: 0, channel, ts, name: 'white_check_mark' })
    const count = (await slack.answers(channel, ts)).length
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await slack.answers(channel, ts)).toHaveLength(count)
    expect(bot.diagnose.adoptions).toEqual([
      `${user0} adopts 1`,
      `${user0} adopts 2`,
      `${user1} adopts 3`,
      `${user0} adopts 2`,
      `${user0} adopts 1`,
      `${user0} takes 1 back`,
    ])
  })

  it('adopts by button, answers outcomes and follow-ups without a mention, and is silent where people talk', async () => {
    bot = await startBot(slack)
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    const found = await answered(ts)
    const run = bot.diagnose.calls[0]
    const last = async () => texts(await slack.answers(channel, ts)).at(-1)
    await bot.slack.click({ person: 0, channel, threadTs: ts, ts: found[1]!.ts, action: 'adopt', value: { run, rank: 1 } })
    await vi.waitFor(async () => expect(await last()).toContain('adopted card 1'), soon)
    await bot.slack.click({ person: 1, channel, threadTs: ts, ts: found[1]!.ts, action: 'unadopt', value: { run, rank: 1 } })
    await vi.waitFor(() => expect(ephemerals().at(-1)?.body.text).toContain('only they can take it back'), soon)
    await bot.slack.say({ person: 1, channel, text: 'why not model=8?', threadTs: ts })
    await vi.waitFor(async () => expect(await last()).toContain('model=8 moves 2.1 GB more'), soon)
    await bot.slack.say({ person: 1, channel, text: 'lunch?', threadTs: ts })
    await bot.slack.say({ person: 1, channel, text: 're-run', threadTs: ts })
    await bot.slack.say({ person: 1, channel, text: '<@U123> why not model=4?', threadTs: ts })
    await bot.slack.say({ person: 0, channel, text: '@prompts gibberish', threadTs: ts })
    await vi.waitFor(async () => expect(await last()).toContain('I can: why not model=8?'), soon)
    expect(await slack.answers(channel, ts)).toHaveLength(7)
  })

  it('records what was measured only on the word of who said it, and takes it back', async () => {
    bot = await startBot(slack)
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    const found = await answered(ts)
    const run = bot.diagnose.calls[0]
    const last = async () => texts(await slack.answers(channel, ts)).at(-1)
    const says = async (words: string) => vi.waitFor(async () => expect(await last()).toContain(words), soon)
    await bot.slack.react({ person: 0, channel, ts: found[1]!.ts, name: 'one' })
    await says('adopted card 1')
    bot.diagnose.adoptions.length = 0

    await bot.slack.say({ person: 1, channel, text: 'fyi the checkpoint restore took 25 s this morning', threadTs: ts })
    await bot.slack.say({ person: 1, channel, text: 'it ran at 22.9 s', threadTs: ts })
    await says('Record 22.9 s per step for card 1 (data=32 · model=2) of exp-123?')
    const offer = (await slack.answers(channel, ts)).at(-1)!
    const id = JSON.stringify(offer).match(/\\"offer\\":\\"([^"\\]+)/)?.[1]
    await bot.slack.click({ person: 0, channel, threadTs: ts, ts: offer.ts, action: 'offer_record_1', value: { offer: id, rank: 1 } })
    await vi.waitFor(() => expect(ephemerals().at(-1)?.body.text).toContain('can record that'), soon)
    await bot.slack.say({ person: 0, channel, text: 'yes', threadTs: ts })
    expect(bot.diagnose.adoptions).toEqual([])
    await bot.slack.say({ person: 1, channel, text: 'yes', threadTs: ts })
    await says('28.9 s → 22.9 s')
    expect(bot.diagnose.adoptions).toEqual([`${slack.users[1]} records 22900`])
    await bot.slack.say({ person: 1, channel, text: 'undo', threadTs: ts })
    await says('took back 22.9 s per step')
    expect(bot.diagnose.adoptions.at(-1)).toBe(`${slack.users[1]} takes the outcome back`)

    await bot.slack.say({ person: 1, channel, text: 'card 2 ran out of memory', threadTs: ts })
    await says('Record that card 2')
    const second = (await slack.answers(channel, ts)).at(-1)!
    await bot.slack.react({ person: 1, channel, ts: second.ts, name: 'white_check_mark' })
    await vi.waitFor(async () => expect(bot.diagnose.adoptions.at(-1)).toBe(`${slack.users[1]} records oom`), soon)
    // another person's tick recorded nothing, so taking it away moves nothing; the one that recorded takes it back
    await bot.slack.react({ person: 0, channel, ts: second.ts, name: 'white_check_mark' })
    await bot.slack.react({ person: 0, channel, ts: second.ts, name: 'white_check_mark', remove: true })
    await bot.slack.react({ person: 1, channel, ts: second.ts, name: 'white_check_mark', remove: true })
    await says('took back the out-of-memory')
    expect(bot.diagnose.adoptions.filter((line) => line.includes('records oom'))).toHaveLength(1)
    expect(bot.diagnose.adoptions.filter((line) => line.endsWith('takes the outcome back'))).toHaveLength(2)
    await bot.slack.say({ person: 0, channel, text: 'it ran as exp-124', threadTs: ts })
    // with the outcome went the mark that it had set: card 1 is the adopted one again
    await says('Record 22.9 s per step for card 1')
    await bot.slack.say({ person: 0, channel, text: 'no', threadTs: ts })
    await says('Not recorded: 22.9 s per step')
    expect(run).toBeDefined()
  })

  it('tells no step time of a run that the channel may not ask for', async () => {
    bot = await startBot(slack, { env: { PROMPTS_CHANNELS: `${channel}=exp-123` } })
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await answered(ts)
    await bot.slack.say({ person: 0, channel, text: '@prompts it ran as exp-124', threadTs: ts })
    await vi.waitFor(async () => expect(texts(await slack.answers(channel, ts)).join()).toContain('may not ask for exp-124'), soon)
    expect(texts(await slack.answers(channel, ts)).join()).not.toContain('22.9')
  })

  it('keeps a reaction that came before its card was recorded', async () => {
    const gate = Promise.withResolvers<void>()
    bot = await startBot(slack, { fake: { until: () => gate.promise } })
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(1), soon)
    const [root] = await slack.answers(channel, ts)
    await bot.slack.react({ person: 0, channel, ts: root!.ts, name: 'two' })
    gate.resolve()
    await vi.waitFor(async () => expect(texts(await slack.answers(channel, ts)).join()).toContain('adopted card 2'), soon)
  })

  it('lets only the asker adopt where the operator says so', async () => {
    bot = await startBot(slack, { env: { PROMPTS_ADOPTERS: 'asker' } })
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    const found = await answered(ts)
    await bot.slack.react({ person: 1, channel, ts: found[1]!.ts, name: 'white_check_mark' })
    await vi.waitFor(() => expect(ephemerals().at(-1)?.body.text).toContain('only who asked'), soon)
    await bot.slack.react({ person: 0, channel, ts: found[1]!.ts, name: 'white_check_mark' })
    await vi.waitFor(async () => expect(texts(await slack.answers(channel, ts)).at(-1)).toContain('adopted card 1'), soon)
  })

  it('shows the compiler’s verdict on each card, replaces a withdrawn one and tells who adopted it', async () => {
    let verdict: () => void = () => {}
    const asked = new Promise<void>((resolve) => {
      verdict = resolve
    })
    bot = await startBot(slack, {
      deps: { compiler: true },
      fake: {
        compile: async (_run, onCard) => {
          await asked
          const fits = {
            status: 'fits' as const,
            required_gib: 77.9,
            available_gib: 95.7,
            step_time_ms: null,
            effort: 'fast' as const,
            program: 'reference' as const,
            versions: {},
            seconds: 74,
            message: null,
          }
          const cards = [
            card(1, { data: 32, model: 2 }, { compiler: fits }),
            card(2, { data: 16, model: 4 }, { compiler: fits }),
            card(3, { replica: 2, data: 32 }, { compiler: fits }),
          ]
          await onCard(cards, [{ card: card(2, { data: 64 }), reason: 'out of memory by 3.1 GiB' }])
        },
      },
    })
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    const found = await answered(ts)
    expect(texts(found)[1]).toContain('compiling…')
    await bot.slack.react({ person: 0, channel, ts: found[2]!.ts, name: 'white_check_mark' })
    await vi.waitFor(async () => expect(texts(await slack.answers(channel, ts)).at(-1)).toContain('adopted card 2'), soon)
    verdict()
    await vi.waitFor(
      async () =>
        expect(texts(await slack.answers(channel, ts)).at(-1)).toContain('which you adopted, is withdrawn: out of memory by 3.1 GiB'),
      soon,
    )
    await vi.waitFor(async () => expect(texts(await slack.answers(channel, ts))[3]).toContain('77.9 of 95.7 GiB · compiled ✓'), soon)
    const after = texts(await slack.answers(channel, ts))
    expect(after[2]).toContain('data=16 · model=4')
    expect(after[2]).toContain('Takes the place of a card that was withdrawn')
    expect(bot.diagnose.adoptions.at(-1)).toContain('the compiler refuses 2')
  })

  it('goes on with an accepted run after a restart, and posts each message once', async () => {
    const gate = Promise.withResolvers<void>()
    bot = await startBot(slack, { fake: { until: () => gate.promise } })
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await vi.waitFor(() => expect(bot.diagnose.calls).toHaveLength(1), soon)
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(1), soon)
    await bot.restart()
    gate.resolve()
    const found = await answered(ts)
    expect(found).toHaveLength(4)
    expect(bot.diagnose.calls.length).toBeGreaterThanOrEqual(2)
    // what would come twice is a second away by the bot's clock
    await slack.clock.sleep(3000)
    expect(await slack.answers(channel, ts)).toHaveLength(4)
  })

  it('respects the allow-list of channels and experiments, and the quota, and says which', async () => {
    bot = await startBot(slack, {
      env: { PROMPTS_CHANNELS: `${channel}=exp-*`, PROMPTS_QUOTA_PER_PERSON: '1' },
    })
    const other = slack.channels[count++]!
    const ask = async (where: string, person: number, id: string) => {
      const ts = await bot.slack.say({ person, channel: where, text: `@prompts diagnose ${id}` })
      await vi.waitFor(async () => expect(await slack.answers(where, ts)).not.toEqual([]), soon)
      return texts(await slack.answers(where, ts)).join()
    }
    expect(await ask(other, 0, 'exp-1')).toContain('I do not answer in this channel')
    expect(await ask(channel, 0, 'llama-1')).toContain('may not ask for llama-1')
    expect(await ask(channel, 0, 'exp-1')).not.toContain(':x:')
    expect(await ask(channel, 0, 'exp-2')).toContain('limit of 1 run')
    expect(bot.diagnose.calls).toHaveLength(1)
  })

  it('says before a run that Gemini’s money of the day is spent, and answers all the same', async () => {
    const gate = Promise.withResolvers<void>()
    bot = await startBot(slack, { fake: { until: () => gate.promise }, deps: { budgetLeft: async () => 0 } })
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await vi.waitFor(
      async () => expect(texts(await slack.answers(channel, ts))[0]).toContain('Gemini budget is used up; using rules'),
      soon,
    )
    gate.resolve()
    expect(await answered(ts)).toHaveLength(4)
  })

  it('does not answer guests or shared channels unless it may', async () => {
    slack.gate.answers.set('users.info', () => ({ ok: true, user: { id: 'U1', is_restricted: true } }))
    bot = await startBot(slack)
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await vi.waitFor(async () => expect(texts(await slack.answers(channel, ts)).join()).toContain('I do not answer guests'), soon)
    slack.gate.answers.delete('users.info')
    slack.gate.answers.set('conversations.info', () => ({ ok: true, channel: { id: channel, is_ext_shared: true } }))
    const body = { type: 'event_callback', team_id: 'T000000001', event_id: 'Ev1', is_ext_shared_channel: true }
    const shared = String((await slack.person(1).chat.postMessage({ channel, text: 'x' })).ts)
    await bot.slack.post(
      JSON.stringify({ ...body, event: { type: 'app_mention', user: slack.users[1], channel, ts: shared, text: 'diagnose exp-1' } }),
      'application/json',
    )
    await vi.waitFor(
      async () => expect(texts(await slack.answers(channel, shared)).join()).toContain('shared with other organizations'),
      soon,
    )
    slack.gate.answers.clear()
    expect(bot.diagnose.calls).toEqual([])
  })

  it('lets no guest adopt, ask, cancel or see what there is in a thread of ours', async () => {
    bot = await startBot(slack)
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    const found = await answered(ts)
    slack.gate.answers.set('users.info', () => ({ ok: true, user: { id: slack.users[1], is_ultra_restricted: true } }))
    const run = bot.diagnose.calls[0]
    await bot.slack.react({ person: 1, channel, ts: found[1]!.ts, name: 'white_check_mark' })
    await bot.slack.click({ person: 1, channel, threadTs: ts, ts: found[1]!.ts, action: 'adopt', value: { run, rank: 1 } })
    await bot.slack.say({ person: 1, channel, text: 'it ran at 1 s', threadTs: ts })
    await vi.waitFor(() => expect(ephemerals().filter((call) => call.body.text?.includes('I do not answer guests'))).toHaveLength(3), soon)
    const help = await bot.slack.say({ person: 1, channel, text: '@prompts help' })
    await vi.waitFor(async () => expect(texts(await slack.answers(channel, help)).join()).toContain('I do not answer guests'), soon)
    expect(texts(await slack.answers(channel, help)).join()).not.toContain('exp-123')
    slack.gate.answers.clear()
    expect(bot.diagnose.adoptions).toEqual([])
    expect(await slack.answers(channel, ts)).toHaveLength(4)
  })

  it('refuses what is not signed by Slack, and unknown paths', async () => {
    bot = await startBot(slack)
    expect(await bot.slack.post('{"type":"event_callback"}', 'application/json', {}, 'another secret')).toBe(401)
    expect((await fetch(`${bot.slack.url}/nothing`)).status).toBe(404)
    expect(await (await fetch(`${bot.slack.url}/health`)).json()).toMatchObject({ ok: true, jobs: { waiting: 0, active: 0 } })
  })
})
