import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, startRedisServer } from '../redis-server.ts'
import { Forwarder } from '../slack/forwarder.ts'
import type { Call } from '../slack/gate.ts'
import { spawnBot } from '../slack/spawn.ts'
import { botUser, Workspace } from '../slack/workspace.ts'
import { converse } from './converse.ts'
import { leastChannelMs, percentile } from './least-time.ts'
import { type Beyond, type Try, whereTimeWent } from './where-time-went.ts'

/** Whole conversations beside the questions, each in a channel of its own. */
const conversations = 2
/** Slack's limit: a message a second a channel. */
const gapMs = 1000

export interface LoadOptions {
  mentions: number
  seconds: number
  channels: number
  /** Kill -9 the worker and the server in mid-run, and start them again. */
  crash: boolean
  /** serve and worker as processes on Redis; else one process with SQLite. */
  redis: boolean
  compiler: boolean
  /** The verdicts of every so manieth run come only after so long, when its cards are in Slack already. */
  lateVerdicts?: { every: number; ms: number }
  /** How long Slack waits before the second and third try of what was not acked. */
  retryAfterMs: number[]
  /** Give up after this long. */
  deadlineSeconds: number
  say: (line: string) => void
}

export interface LoadResult {
  mentions: number
  deliveries: number
  retried: number
  duplicates: number
  ackP50Ms: number
  ackP99Ms: number
  ackWorstMs: number
  lastAnswerSeconds: number
  leastSeconds: number
  lastMessageSeconds: number
  /** Of the channel whose last answer came last: its least time, and what came on top. */
  slowest: { posts: number; leastSeconds: number; beyond: Beyond }
  posts: number
  edits: number
  reactions: number
  injected429s: number
  lostAnswers: number
  verdictMessages: number
  /** Cards that neither say what the compiler said nor stand above a message that does. */
  unheard: number
  /** Threads that did not get exactly one summary and three cards in order; each named. */
  wrong: string[]
  violations: string[]
}

/** One run of the load test against the emulated Slack. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { say } = options
  const home = mkdtempSync(join(tmpdir(), 'prompts-load-'))
  const redis = options.redis ? await startRedisServer() : null
  const slack = await Workspace.start({ users: 40, channels: options.channels + conversations })
  const [askedIn, talkedIn] = [slack.channels.slice(0, options.channels), slack.channels.slice(options.channels)]
  const port = String(await freePort())
  const common: Record<string, string | true> = {
    ...{ home, api: slack.apiUrl, 'stage-ms': '5', workers: '8' },
    ...(redis === null ? {} : { redis: redis.url }),
    ...(options.compiler ? { compiler: true } : {}),
    ...(options.lateVerdicts === undefined
      ? {}
      : { 'late-every': String(options.lateVerdicts.every), 'late-ms': String(options.lateVerdicts.ms) }),
  }
  const startAll = async () => {
    const serve = spawnBot({ ...common, role: 'serve', port })
    const worker = redis === null ? null : spawnBot({ ...common, role: 'worker' })
    return { serve: await serve, worker: worker === null ? null : await worker }
  }
  let bots = await startAll()
  try {
    say(`posting ${options.mentions} questions in ${options.channels} channels`)
    const questions: { channel: string; ts: string; user: string; text: string; dueMs: number }[] = []
    for (let at = 0; at < options.mentions; at += 1) {
      const channel = askedIn[at % askedIn.length]!
      const person = at % slack.users.length
      const text = `<@${botUser}> diagnose exp-${at}`
      const ts = String((await slack.person(person).chat.postMessage({ channel, text })).ts)
      questions.push({ channel, ts, user: slack.users[person]!, text, dueMs: (at / options.mentions) * options.seconds * 1000 })
    }
    let injected = 0
    let lost = 0
    slack.gate.fault = (method, _body, count) => {
      if (method === 'chat.postMessage' && count % 97 === 0) {
        injected += 1
        return { kind: 'rate_limit', seconds: 1 }
      }
      if (method === 'chat.postMessage' && count % 331 === 0) {
        lost += 1
        return { kind: 'lose_answer' }
      }
      return null
    }

    const started = Date.now()
    const delivered = new Map<string, number>()
    const slow: number[] = []
    let retried = 0
    let duplicates = 0
    const unacked = new Map<string, number>()
    const forwarder = new Forwarder(slack, bots.serve.said)
    const deliver = async (question: (typeof questions)[number], at: number) => {
      const event = { type: 'app_mention', user: question.user, text: question.text, channel: question.channel, ts: question.ts }
      const eventId = `Ev${randomUUID()}`
      for (const [time, wait] of [0, ...options.retryAfterMs].entries()) {
        if (wait > 0) await sleep(wait)
        const acked = await forwarder.event(event, { eventId, retry: time }).catch((error: Error) => String(error.cause ?? error))
        if (acked !== 200) {
          retried += 1
          unacked.set(`try ${time + 1}: ${acked}`, (unacked.get(`try ${time + 1}: ${acked}`) ?? 0) + 1)
          continue
        }
        delivered.set(question.ts, Date.now() - started)
        if ((forwarder.ackMs.at(-1) ?? 0) > 300) slow.push(Math.round((Date.now() - started) / 1000))
        // every tenth comes again under its own id, every eleventh as the message event of the same mention
        if (at % 10 === 0) {
          duplicates += 1
          await forwarder.event(event, { eventId, retry: 1 }).catch(() => 0)
        }
        if (at % 11 === 0) {
          duplicates += 1
          await forwarder.event({ ...event, type: 'message', channel_type: 'channel' }).catch(() => 0)
        }
        return
      }
    }
    const sending = questions.map(async (question, at) => {
      await sleep(Math.max(0, question.dueMs - (Date.now() - started)))
      await deliver(question, at)
    })
    // one begins before the crash and ends after it, one begins after it
    const talks = talkedIn.map(async (channel, at) => {
      await sleep(options.seconds * (at === 0 ? 350 : 900))
      return converse({ slack, forwarder, channel, experiment: `exp-${options.mentions * 8 + at + 1}` })
    })
    let down: { from: number; to: number } | null = null
    if (options.crash) {
      await sleep(options.seconds * 550)
      say(`${seconds(started)} s: the server and the worker are killed (-9)`)
      const from = Date.now() - started
      await Promise.all([bots.serve.kill('SIGKILL'), bots.worker?.kill('SIGKILL')])
      bots = await startAll()
      down = { from, to: Date.now() - started }
      say(`${seconds(started)} s: both are up again`)
    }
    await Promise.all(sending)
    if (slow.length > 0) say(`acks over 300 ms at these seconds: ${slow.join(' ')}`)
    for (const [why, count] of unacked) say(`no ack: ${count} × ${why}`)
    say(`${seconds(started)} s: every question is delivered; waiting for the answers`)

    const expected = options.mentions * 4 + conversations * 4
    const deadline = started + options.deadlineSeconds * 1000
    const posted = () => slack.gate.calls.filter((call) => call.ts !== null)
    let quietSince = Date.now()
    let before = -1
    let told = Date.now()
    while (Date.now() < deadline) {
      await sleep(1000)
      // edits and reactions may trickle on at their minute's pace; what counts is that nothing is posted any more
      const count = posted().length
      if (count !== before) quietSince = Date.now()
      before = count
      if (Date.now() - told > 15_000) {
        told = Date.now()
        say(`${seconds(started)} s: ${count} posts`)
      }
      if (count >= expected && Date.now() - quietSince > 10_000 && (!options.compiler || unheard(slack.gate.calls) === 0)) break
    }
    say(`${seconds(started)} s: quiet`)

    const wrong = (await Promise.all(talks)).flat().map((line) => `conversation ${line}`)
    let verdictMessages = 0
    for (const question of questions) {
      const keys = (await slack.answers(question.channel, question.ts)).map((message) =>
        String(message.metadata?.event_payload?.key).split('/').at(-1),
      )
      verdictMessages += keys.filter((key) => key === 'verdicts').length
      const answer = keys.filter((key) => key !== 'verdicts').join(' ')
      if (answer !== 'root card1 card2 card3') wrong.push(`${question.text.slice(-8)}: ${answer || 'nothing'}`)
    }
    const isAnswer = (key: string) => /\/(?:root|card[123])$/.test(key)
    const asked = new Set(askedIn)
    const keyOf = (body: Record<string, string>) =>
      String((JSON.parse(body.metadata ?? '{}') as { event_payload?: { key?: string } }).event_payload?.key)
    const times = posted().map((call) => ({
      at: call.at - started,
      channel: call.body.channel,
      answer: asked.has(call.body.channel ?? '') && isAnswer(keyOf(call.body)),
    }))
    const byChannel = Map.groupBy(questions, (question) => question.channel)
    const arrivalsOf = (channel: string) => (byChannel.get(channel) ?? []).map((question) => delivered.get(question.ts) ?? 0)
    const leastOf = (channel: string) => leastChannelMs(arrivalsOf(channel), 4, gapMs)
    const least = Math.max(...[...byChannel.keys()].map(leastOf))
    const last = times.filter((entry) => entry.answer).reduce((a, b) => (b.at > a.at ? b : a))
    const tries = triesOf(slack.gate.calls, last.channel ?? '', started).filter((one) => one.at <= last.at)
    return {
      ...{ mentions: options.mentions, deliveries: forwarder.ackMs.length, retried, duplicates },
      ackP50Ms: percentile(forwarder.ackMs, 0.5),
      ackP99Ms: percentile(forwarder.ackMs, 0.99),
      ackWorstMs: percentile(forwarder.ackMs, 1),
      lastAnswerSeconds: last.at / 1000,
      slowest: {
        posts: tries.filter((one) => one.end !== 'rate_limited').length,
        leastSeconds: leastOf(last.channel ?? '') / 1000,
        beyond: whereTimeWent(tries, { gapMs, arrivals: arrivalsOf(last.channel ?? ''), messagesEach: 4 }, down),
      },
      leastSeconds: least / 1000,
      lastMessageSeconds: Math.max(...times.map((entry) => entry.at)) / 1000,
      ...{
        posts: times.length,
        edits: slack.gate.count('chat.update'),
        reactions: slack.gate.count('reactions.add') + slack.gate.count('reactions.remove'),
      },
      ...{
        injected429s: injected,
        lostAnswers: lost,
        verdictMessages,
        unheard: options.compiler ? unheard(slack.gate.calls) : 0,
        wrong,
        violations: slack.gate.violations,
      },
    }
  } finally {
    await Promise.all([bots.serve.kill('SIGKILL'), bots.worker?.kill('SIGKILL')])
    await slack.stop()
    await redis?.stop()
    rmSync(home, { recursive: true, force: true })
  }
}

/** The tries to post in a channel, in order. */
function triesOf(calls: readonly Call[], channel: string, started: number): Try[] {
  return calls.flatMap((call) => {
    if (call.method !== 'chat.postMessage' || call.body.channel !== channel) return []
    const { outcome, answeredAt } = call
    if (outcome !== 'passed' && outcome !== 'rate_limited' && outcome !== 'answer_lost') return []
    return [
      {
        at: call.at - started,
        answeredAt: answeredAt === null ? null : answeredAt - started,
        end: outcome === 'passed' ? 'posted' : outcome,
      },
    ]
  })
}

/** Threads with a card that still says it is being compiled, and no message with its run's verdicts. */
function unheard(calls: readonly Call[]): number {
  const shown = new Map<string, { thread: string; text: string }>()
  const told = new Set<string>()
  for (const { method, ts, body, outcome } of calls) {
    if (outcome !== 'passed' && outcome !== 'answer_lost') continue
    if (method === 'chat.postMessage' && ts !== null) {
      shown.set(`${body.channel}/${ts}`, { thread: `${body.channel}/${body.thread_ts}`, text: body.blocks ?? '' })
      if ((body.metadata ?? '').includes('/verdicts"')) told.add(`${body.channel}/${body.thread_ts}`)
    }
    const edited = method === 'chat.update' ? shown.get(`${body.channel}/${body.ts}`) : undefined
    if (edited !== undefined) edited.text = body.blocks ?? ''
  }
  const waiting = [...shown.values()].filter(({ thread, text }) => text.includes('compiling…') && !told.has(thread))
  return new Set(waiting.map((one) => one.thread)).size
}

function seconds(started: number): string {
  return ((Date.now() - started) / 1000).toFixed(1)
}
