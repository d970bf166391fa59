import { createServer } from 'node:http'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { Housekeeping } from '../../src/slack/housekeeping.ts'
import { fastClock } from '../support/fast-clock.ts'
import { type Bot, startBot } from '../support/slack/bot.ts'
import { SocketServer } from '../support/slack/socket-server.ts'
import { botUser, printThread, teamId, Workspace } from '../support/slack/workspace.ts'
import { soon } from '../support/soon.ts'

const day = 24 * 3600_000

describe('commands, shortcuts, Home, Socket Mode, and what the clock does', () => {
  let slack: Workspace
  let bot: Bot
  let channel = ''
  let count = 0
  /** What `respond` sent. */
  const responses: string[] = []
  const responder = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      responses.push(body)
      response.end('ok')
    })
  })
  let responseUrl = ''

  beforeAll(async () => {
    slack = await Workspace.start({ channels: 20, clock: fastClock(10) })
    await new Promise<void>((resolve) => responder.listen(0, '127.0.0.1', resolve))
    responseUrl = `http://127.0.0.1:${(responder.address() as { port: number }).port}/`
  })
  afterAll(async () => {
    responder.closeAllConnections()
    responder.close()
    await slack?.stop()
  })
  beforeEach(() => {
    channel = slack.channels[count++]!
    slack.gate.calls.length = 0
    slack.gate.fault = () => null
    slack.gate.answers.clear()
    responses.length = 0
  })
  afterEach(() => bot?.stop())
  const text = async (ts: string) => (await slack.answers(channel, ts)).map((message) => printThread([message])).join('\n')
  const history = async () =>
    ((await slack.as('xoxp-admin').conversations.history({ channel })).messages ?? []) as { ts: string; user: string; text: string }[]

  it('/prompts diagnose answers in the thread of a message of its own', async () => {
    bot = await startBot(slack)
    expect(await bot.slack.command({ person: 0, channel, text: 'diagnose exp-123', responseUrl })).toBe(200)
    await vi.waitFor(async () => expect((await history()).filter((message) => message.user === botUser)).not.toEqual([]), soon)
    const anchor = (await history()).find((message) => message.text.includes('/prompts diagnose exp-123'))!
    await vi.waitFor(async () => expect((await slack.answers(channel, anchor.ts)).length).toBe(5), soon)
    expect(await text(anchor.ts)).toContain('bound by communication')
    expect(
      (await history()).filter((message) => message.user === botUser && !('thread_ts' in message && message.thread_ts !== message.ts)),
    ).toHaveLength(1)
  })

  it('/prompts help is private and has real examples; plan and cases answer', async () => {
    const estimate = { mesh: { data: 64 }, estimate: null, memory: null }
    bot = await startBot(slack, {
      deps: {
        plan: async (id) => ({
          nearest: null,
          assumptions: [],
          experiment_file: null,
          experiment: id,
          space: { total: 100, legal: 20, fitting: 5 },
          baseline: null,
          ranked: [estimate as never],
          elapsed_ms: 1,
        }),
        cases: async () => [],
      },
    })
    await bot.slack.command({ person: 0, channel, text: 'help', responseUrl })
    await vi.waitFor(() => expect(responses.join()).toContain('exp-123'), soon)
    expect(await history()).toEqual([])
    await bot.slack.command({ person: 0, channel, text: 'plan exp-123', responseUrl })
    await bot.slack.command({ person: 0, channel, text: 'cases llama v5p', responseUrl })
    await vi.waitFor(async () => {
      const said = (await Promise.all((await history()).map((message) => text(message.ts)))).join('\n')
      expect(said).toContain('5 of 20 legal meshes fit')
      expect(said).toContain('No case found for llama v5p')
    }, soon)
  })

  it('a command without a response_url is answered with a message that its person alone sees', async () => {
    bot = await startBot(slack)
    const whispers = () => slack.gate.calls.filter(({ method }) => method === 'chat.postEphemeral').map(({ body }) => String(body.text))
    await bot.slack.command({ person: 0, channel, text: 'help', responseUrl: '' })
    await vi.waitFor(() => expect(whispers().join()).toContain('exp-123'), soon)
    await bot.slack.command({ person: 0, channel, text: 'forget run-never', responseUrl: '' })
    await vi.waitFor(() => expect(whispers()).toHaveLength(2), soon)
    expect(responses).toEqual([])
    expect(await history()).toEqual([])
  })

  it('says privately how to invite it where it is not in the channel', async () => {
    slack.gate.fault = (method) => (method === 'chat.postMessage' ? { kind: 'error', error: 'not_in_channel' } : null)
    bot = await startBot(slack)
    await bot.slack.command({ person: 0, channel, text: 'diagnose exp-123', responseUrl })
    await vi.waitFor(() => expect(responses.join()).toContain('/invite'), soon)
    slack.gate.answers.set('conversations.info', () => ({ ok: true, channel: { id: channel, is_member: false } }))
    const message = { ts: '1700000000.000001', text: 'look at exp-123' }
    const shortcut = {
      type: 'message_action',
      callback_id: 'diagnose_message',
      team: { id: teamId },
      user: { id: slack.users[0] },
      channel: { id: channel },
    }
    await bot.slack.interact({ ...shortcut, message, trigger_id: 't1', response_url: responseUrl })
    await vi.waitFor(() => expect(responses.filter((body) => body.includes('I am not in this channel'))).toHaveLength(1), soon)
    expect(bot.diagnose.calls).toEqual([])
  })

  it('the shortcut diagnoses what a message names, in that message’s thread', async () => {
    bot = await startBot(slack)
    slack.gate.answers.set('conversations.info', () => ({ ok: true, channel: { id: channel, is_member: true } }))
    const ts = String((await slack.person(1).chat.postMessage({ channel, text: 'exp-55 is slow again' })).ts)
    const shortcut = {
      type: 'message_action',
      callback_id: 'diagnose_message',
      team: { id: teamId },
      user: { id: slack.users[0] },
      channel: { id: channel },
    }
    await bot.slack.interact({ ...shortcut, message: { ts, text: 'exp-55 is slow again' }, trigger_id: 't2', response_url: responseUrl })
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), soon)
    expect(await text(ts)).toContain('exp-55')
  })

  it('"Why not …?" asks in a modal and answers in the thread; feedback is recorded', async () => {
    bot = await startBot(slack)
    const views: Record<string, string>[] = []
    slack.gate.answers.set('views.open', (body) => {
      views.push(body)
      return { ok: true }
    })
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), soon)
    const [root, card] = await slack.answers(channel, ts)
    const run = bot.diagnose.calls[0]!
    await bot.slack.click({ person: 0, channel, threadTs: ts, ts: card!.ts, action: 'why_not', value: { run, rank: 1 } })
    await vi.waitFor(() => expect(views).toHaveLength(1), soon)
    const view = JSON.parse(views[0]?.view ?? '{}') as { private_metadata: string }
    const state = { values: { mesh: { text: { type: 'plain_text_input', value: 'model=8' } } } }
    const submission = { id: 'V1', type: 'modal', callback_id: 'why_not', private_metadata: view.private_metadata, state }
    await bot.slack.interact({ type: 'view_submission', team: { id: teamId }, user: { id: slack.users[0] }, view: submission })
    await vi.waitFor(async () => expect(await text(ts)).toContain('why not model=8?'), soon)
    await bot.slack.click({ person: 0, channel, threadTs: ts, ts: card!.ts, action: 'all_settings', value: { run, rank: 1 } })
    const whispers = () => slack.gate.calls.filter((call) => call.method === 'chat.postEphemeral').map((call) => String(call.body.text))
    await vi.waitFor(() => expect(whispers().join()).toContain('All settings of card 1'), soon)
    await bot.slack.click({ person: 0, channel, threadTs: ts, ts: root!.ts, action: 'feedback', value: { run, feedback: 'good' } })
    await vi.waitFor(async () => expect(JSON.stringify(await bot.deps.memory.events(run))).toContain('"feedback":"good"'), soon)
  })

  it('adds pictures to the details after they are there, each with words for who cannot see it', async () => {
    const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
    bot = await startBot(slack, {
      deps: { pictures: async () => [{ name: 'roofline.png', png, altText: 'Roofline: the top ops lie left of the ridge' }] },
    })
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), soon)
    const [root] = await slack.answers(channel, ts)
    const value = { run: bot.diagnose.calls[0] }
    await bot.slack.click({ person: 0, channel, threadTs: ts, ts: root!.ts, action: 'details', value })
    const details = async () => (await slack.answers(channel, ts))[4]
    await vi.waitFor(async () => expect(JSON.stringify((await details())?.blocks)).toContain('slack_file'), soon)
    const image = ((await details())!.blocks as { type: string; alt_text: string }[]).find((block) => block.type === 'image')
    expect(image?.alt_text).toContain('left of the ridge')
    expect(bot.logged.filter((line) => line.startsWith('warn'))).toEqual([])
  })

  it('puts the whole page of the profile into the thread as a file, once', async () => {
    const html = '<!doctype html><title>Profile</title>'
    bot = await startBot(slack, { deps: { page: async (run) => ({ name: `${run}-profile.html`, html }) } })
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), soon)
    const [root] = await slack.answers(channel, ts)
    const run = bot.diagnose.calls[0]
    const click = (action: string) => bot.slack.click({ person: 0, channel, threadTs: ts, ts: root!.ts, action, value: { run } })
    await click('details')
    const details = async () => JSON.stringify((await slack.answers(channel, ts))[4]?.blocks)
    await vi.waitFor(async () => expect(await details()).toContain('profile_page'), soon)
    await click('profile_page')
    const files = async () =>
      (await slack.answers(channel, ts)).flatMap((message) => (message as { files?: { name: string }[] }).files ?? [])
    await vi.waitFor(async () => expect((await files()).map(({ name }) => name)).toEqual([`${run}-profile.html`]), soon)
    await click('profile_page')
    const whispers = () => slack.gate.calls.filter((call) => call.method === 'chat.postEphemeral').map((call) => String(call.body.text))
    await vi.waitFor(() => expect(whispers().join()).toContain('It is in this thread'), soon)
    expect(await files()).toHaveLength(1)
  })

  it('lets only members of a user group adopt where the operator names one', async () => {
    slack.gate.answers.set('usergroups.users.list', (body) => ({ ok: true, users: body.usergroup === 'S123' ? [slack.users[1]] : [] }))
    bot = await startBot(slack, { env: { PROMPTS_ADOPTERS: 'S123' } })
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), soon)
    const [, card] = await slack.answers(channel, ts)
    await bot.slack.react({ person: 0, channel, ts: card!.ts, name: 'one' })
    await vi.waitFor(() => expect(slack.gate.calls.some((call) => call.body.text?.includes('subteam^S123') === true)).toBe(true), soon)
    await bot.slack.react({ person: 1, channel, ts: card!.ts, name: 'one' })
    await vi.waitFor(async () => expect(await text(ts)).toContain('adopted card 1'), soon)
    expect(bot.diagnose.adoptions).toEqual([`${slack.users[1]} adopts 1`])
  })

  it('App Home shows recent runs, adopted cards with their gains, and settings', async () => {
    bot = await startBot(slack, { env: { PROMPTS_ADOPTERS: 'asker' } })
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), soon)
    const [, card] = await slack.answers(channel, ts)
    await bot.slack.react({ person: 0, channel, ts: card!.ts, name: 'one' })
    await vi.waitFor(async () => expect(await text(ts)).toContain('adopted card 1'), soon)
    await bot.slack.event({ type: 'app_home_opened', user: slack.users[0], channel: 'D1', tab: 'home' })
    await vi.waitFor(() => expect(slack.gate.count('views.publish')).toBe(1), soon)
    const view = slack.gate.calls.find((call) => call.method === 'views.publish')?.body.view ?? ''
    expect(view).toContain('exp-123')
    expect(view).toContain('bound by communication')
    expect(view).toContain('predicted 22.5 s (−22%), measured –')
    expect(view).toContain('who asked')
    expect(view).toContain('@prompts diagnose exp-123')
    expect(slack.gate.violations).toEqual([])
    // what was asked in a private channel only who asked sees; guests see nothing
    const homeOf = async (person: number) => {
      const before = slack.gate.count('views.publish')
      await bot.slack.event({ type: 'app_home_opened', user: slack.users[person], channel: 'D1', tab: 'home' })
      await vi.waitFor(() => expect(slack.gate.count('views.publish')).toBe(before + 1), soon)
      return slack.gate.calls.findLast((call) => call.method === 'views.publish')?.body.view ?? ''
    }
    expect(await homeOf(1)).toContain('bound by communication')
    await bot.deps.state.delete(`private:${teamId}/${channel}`)
    slack.gate.answers.set('conversations.info', () => ({ ok: true, channel: { id: channel, is_private: true } }))
    expect(await homeOf(1)).not.toContain('bound by communication')
    expect(await homeOf(0)).toContain('bound by communication')
    slack.gate.answers.set('users.info', () => ({ ok: true, user: { is_restricted: true } }))
    await bot.deps.state.delete(`guest:${teamId}/${slack.users[2]}`)
    expect(await homeOf(2)).toContain('I do not answer guests')
  })

  it('asks for an outcome once, a day after an adoption, and not where one is known', async () => {
    bot = await startBot(slack)
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), soon)
    const [root] = await slack.answers(channel, ts)
    await bot.slack.react({ person: 0, channel, ts: root!.ts, name: 'one' })
    await vi.waitFor(async () => expect(await text(ts)).toContain('adopted card 1'), soon)
    const { services } = bot.server
    expect(await new Housekeeping(services).remind()).toBe(0)
    const tomorrow = new Housekeeping(services, { now: () => Date.now() + day + 1000 })
    expect(await tomorrow.remind()).toBe(1)
    expect(await tomorrow.remind()).toBe(0)
    await vi.waitFor(async () => expect(await text(ts)).toContain('how did *data=32 · model=2*'), soon)
  })

  it('ends a run that no queue knows of any more, and forgets old runs', async () => {
    bot = await startBot(slack)
    const { services } = bot.server
    bot.deps.runs.add = async () => {} // the job vanishes
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await vi.waitFor(async () => expect(await services.records.threadRuns(teamId, channel, ts)).toHaveLength(1), soon)
    let ahead = 0
    const housekeeping = new Housekeeping(services, { now: () => Date.now() + ahead })
    await vi.waitFor(async () => expect(await services.records.active()).toHaveLength(1), soon)
    expect(await housekeeping.endLostRuns()).toBe(0)
    ahead = day
    expect(await housekeeping.endLostRuns()).toBe(1)
    await vi.waitFor(async () => expect(await text(ts)).toContain('was interrupted'), soon)
    const muchLater = new Housekeeping(services, { now: () => Date.now() + 400 * day })
    expect(await muchLater.forgetOldRuns()).toBe(1)
    expect(await bot.deps.memory.list({ tenant: teamId, limit: 10 })).toEqual([])
  })

  it('goes on with a run that a lost store of state forgot, and answers in the message that waited', async () => {
    bot = await startBot(slack, { fake: { stageMs: 50 } })
    const { services } = bot.server
    const add = bot.deps.runs.add.bind(bot.deps.runs)
    bot.deps.runs.add = async () => {} // the job is lost with all else
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await vi.waitFor(async () => expect(await text(ts)).toContain('Diagnosing exp-123'), soon)
    const [root] = await slack.answers(channel, ts)
    for (const { key } of await bot.deps.state.list('', 10_000)) if (!key.startsWith('out')) await bot.deps.state.delete(key)
    bot.deps.runs.add = add
    let ahead = 0
    const housekeeping = new Housekeeping(services, { now: () => Date.now() + ahead })
    expect(await housekeeping.restoreLostRuns()).toBe(0)
    ahead = 60_000
    expect(await housekeeping.restoreLostRuns()).toBe(1)
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), soon)
    await vi.waitFor(async () => expect((await slack.answers(channel, ts))[0]?.ts).toBe(root!.ts), soon)
    await vi.waitFor(async () => expect(await text(ts)).toContain('bound by communication'), soon)
    await vi.waitFor(async () => expect(await bot.deps.memory.open()).toEqual([]), soon)
    expect(await housekeeping.restoreLostRuns()).toBe(0)
  })

  it('ends the waiting of cards whose compilation no queue knows of any more', async () => {
    bot = await startBot(slack, { deps: { compiler: true } })
    bot.deps.compiles.add = async () => {} // the job vanishes
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), soon)
    expect((await text(ts)).match(/compiling…/g)).toHaveLength(3)
    let ahead = 0
    const later = new Housekeeping(bot.server.services, { now: () => Date.now() + ahead })
    expect(await later.endLostCompilations()).toBe(0)
    ahead = 600_000
    expect(await later.endLostCompilations()).toBe(1)
    await vi.waitFor(async () => expect(await text(ts)).not.toContain('compiling…'), soon)
    expect(await later.endLostCompilations()).toBe(0)
  })

  it('forgets a run for who asked for it, and for nobody else', async () => {
    bot = await startBot(slack)
    const ts = await bot.slack.say({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), soon)
    const run = bot.diagnose.calls[0]!
    const asked = async (person: number) => {
      responses.length = 0
      await bot.slack.command({ person, channel, text: `forget ${run}`, responseUrl })
      await vi.waitFor(() => expect(responses).toHaveLength(1), soon)
      return responses[0]!
    }
    expect(await asked(1)).toContain('only they can')
    expect(await bot.deps.memory.diagnosis(run)).not.toBeNull()
    expect(await asked(0)).toContain('is forgotten')
    expect(await bot.deps.memory.request(run)).toBeNull()
    expect(await asked(0)).toContain('I know no run')
    const [, card] = await slack.answers(channel, ts)
    await bot.slack.click({ person: 0, channel, threadTs: ts, ts: card!.ts, action: 'adopt', value: { run, rank: 1 } })
    const whispered = () => slack.gate.calls.filter((call) => call.method === 'chat.postEphemeral').map((call) => call.body.text)
    await vi.waitFor(() => expect(whispered().join()).toContain('This run has been deleted'), soon)
    await bot.slack.say({ person: 0, channel, text: '@prompts why not model=8?', threadTs: ts })
    await vi.waitFor(async () => expect(await text(ts)).toContain('it may have been deleted'), soon)
  })

  it('talks over Socket Mode as over HTTP, and acks each envelope', async () => {
    const socket = new SocketServer()
    await socket.start()
    slack.gate.answers.set('apps.connections.open', () => ({ ok: true, url: socket.url }))
    bot = await startBot(slack, { env: { SLACK_APP_TOKEN: 'xapp-test', SLACK_SIGNING_SECRET: '' } })
    await socket.connected
    const ts = String((await slack.person(0).chat.postMessage({ channel, text: 'x' })).ts)
    const event = { type: 'app_mention', user: slack.users[0], channel, ts, text: `<@${botUser}> diagnose exp-123` }
    const payload = { type: 'event_callback', team_id: teamId, event_id: 'EvSocket1', is_ext_shared_channel: false, event }
    for (const [time, id] of ['e-1', 'e-2'].entries()) {
      socket.send({ type: 'events_api', envelope_id: id, accepts_response_payload: false, retry_attempt: time, retry_reason: '', payload })
    }
    await vi.waitFor(() => expect(socket.acked).toEqual(['e-1', 'e-2']), soon)
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), soon)
    await socket.stop()
  })
})
