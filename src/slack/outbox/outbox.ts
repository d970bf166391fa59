import type { View } from '@slack/types'
import { PromptsError } from '../../errors.ts'
import { keys } from '../../state/keys.ts'
import type { Pace } from '../../state/state-store.ts'
import { nextFallback } from '../blocks/fallback.ts'
import type { Message } from '../blocks/message.ts'
import { AnswerStream, type StreamTarget } from './answer-stream.ts'
import type { Entry, MessageSubject, Op, Priority, SentRecord } from './entry.ts'
import { EntryStore } from './entry-store.ts'
import { Lane, type Outcome } from './lane.ts'
import type { OutboxOptions, Put } from './outbox-options.ts'
import {
  answerDeadlineMs,
  awayRetryMs,
  type LaneKind,
  laneOf,
  maxAttempts,
  paces,
  progressDeadlineMs,
  requestTimeoutMs,
  tidyDeadlineMs,
  workspaceThrottle,
} from './pace.ts'
import { Sender } from './sender.ts'
import { classify, type Failure } from './slack-error.ts'

/** Above all versions that were made from clocks before, and well within what a number holds exactly. */
const progressVersions = 4e15
const answerVersions = 6e15

/** A process whose last sign of life is older than six seconds is taken for dead. */
const heartbeatMs = 2000
/** A workspace that refused a stream is not asked for one again so long. */
const refusedForMs = 24 * 3600_000

/**
 * The one way out to Slack. Keeps Slack's pace over all processes, sends each key once however often it is asked to or the
 * process dies (own record first, message metadata second), lets progress give way to answers, and goes on after a restart.
 */
export class Outbox {
  readonly #options: OutboxOptions
  readonly #entries: EntryStore
  readonly #sender: Sender
  readonly #lanes = new Map<string, Lane>()
  readonly #waiters = new Map<string, (refusal: string | null) => void>()
  #stopBeating: () => void = () => {}
  #closed = false
  #takingOver = false
  #refused: string | null = null

  constructor(options: OutboxOptions) {
    this.#options = options
    this.#entries = new EntryStore(options.state, { keepDays: options.keepDays, clock: options.clock })
    this.#sender = new Sender({
      state: options.state,
      clock: options.clock,
      entries: this.#entries,
      clientFor: options.clientFor,
      onRecorded: (entry, record, subject) => this.#recorded(entry, record, subject),
    })
  }

  /** Goes on with what earlier processes left, now and every few seconds. */
  async start(): Promise<void> {
    await this.#entries.heartbeat()
    const notTaken = (error: unknown) => this.#options.log.warn('outbox: nothing taken over, trying again', { error: String(error) })
    void this.#takeOver(this.#options.alone).catch(notTaken)
    this.#stopBeating = this.#options.clock.every(heartbeatMs, () => {
      void (async () => {
        await this.#entries.heartbeat()
        if (!this.#options.alone) void this.#takeOver(false).catch(notTaken)
      })().catch((error: unknown) => this.#options.log.warn('outbox: no heartbeat', { error: String(error) }))
    })
  }

  /** Makes the message named by `key` show this, posting it or editing it. Returns once it is written down (progress is not). */
  async put(input: Put): Promise<void> {
    const { team, key, channel, threadTs, message } = input
    const op: Op = { kind: 'put', channel, threadTs, message, subject: input.subject ? { ...input.subject, threadTs } : null }
    await this.#accept(team, key, op, { priority: input.priority ?? 0, after: input.after ?? null })
  }

  /**
   * `put`, and waits until the message is in Slack.
   * @throws PromptsError `not_allowed` naming Slack's reason where it refuses, `timeout`.
   */
  async putAndWait(input: Put, timeoutMs: number): Promise<SentRecord> {
    const name = `${input.team}/${input.key}`
    const ended = new Promise<string | null>((resolve) => this.#waiters.set(name, resolve))
    const over = new AbortController()
    const timer = this.#options.clock.sleep(timeoutMs, over.signal).then(
      () => 'timeout',
      () => null,
    )
    await this.put(input)
    const refusal = await Promise.race([ended, timer]).finally(() => over.abort())
    this.#waiters.delete(name)
    const record = await this.#entries.sent(input.team, input.key)
    if (record !== null) return record
    if (refusal === 'timeout') throw new PromptsError('timeout', 'Slack did not take a message in time', { hint: 'Try again in a minute.' })
    throw new PromptsError('not_allowed', `Slack refused a message: ${refusal}`, {
      hint: 'If I am not in this channel: /invite me, then ask again.',
    })
  }

  /** A message that only `user` sees. */
  async whisper(input: {
    team: string
    key: string
    channel: string
    user: string
    threadTs: string | null
    message: Message
    /** Of no use after so long: then it is not sent. */
    deadlineMs?: number
  }): Promise<void> {
    const { team, key, channel, user, threadTs, message, deadlineMs } = input
    await this.#accept(team, key, { kind: 'whisper', channel, user, threadTs, message }, deadlineMs === undefined ? {} : { deadlineMs })
  }

  /** Adds or takes a reaction of ours; best effort, and nothing is sent for one that is taken back before it was added. */
  async react(input: { team: string; channel: string; ts: string; name: string; add: boolean }): Promise<void> {
    const { team, channel, ts, name, add } = input
    const op: Op & { kind: 'react' } = { kind: 'react', channel, ts, name, add }
    if (!add && !(await this.#sender.unwantReaction(op))) return
    await this.#accept(team, `react/${channel}/${ts}/${name}`, op, { priority: 2, deadlineMs: add ? progressDeadlineMs : tidyDeadlineMs })
  }

  async publishHome(input: { team: string; user: string; view: View }): Promise<void> {
    await this.#accept(input.team, `home/${input.user}`, { kind: 'home', user: input.user, view: input.view })
  }

  /** The message of `key` as it grows, for an answer that a model writes; `put` under the same key makes it whole. */
  stream(target: StreamTarget, key: string): AnswerStream {
    const { clock, clientFor, log, state } = this.#options
    const refused = keys.refusesStreams(target.team)
    return new AnswerStream({
      clock,
      target,
      client: async () => {
        if ((await state.get(refused)) !== null) throw new Error('this workspace refused a stream today')
        return clientFor(target.team)
      },
      onStarted: (ts) => this.#entries.recordStarted(target.team, key, { channel: target.channel, ts }),
      onFailed: (error) => {
        log.debug('an answer is not streamed', { team: target.team, error: String(error) })
        if (classify(error).kind === 'refused') void state.setIfAbsent(refused, '1', refusedForMs).catch(() => {})
      },
    })
  }

  /** Where the message of this key is, null while it is not. */
  async sent(team: string, key: string): Promise<SentRecord | null> {
    return this.#entries.sent(team, key)
  }

  /** This message may be in Slack already though nothing here knows of it: Slack is asked before it is posted. */
  async expectThere(team: string, key: string): Promise<void> {
    if ((await this.#entries.sent(team, key)) === null) await this.#entries.expectTried(team, key)
  }

  /** What a message of ours stands for; null for others'. */
  async subjectOf(team: string, record: Pick<SentRecord, 'channel' | 'ts'>): Promise<MessageSubject | null> {
    return this.#entries.subjectOf(team, record)
  }

  /** How many messages of this process wait: answers of a channel, edits of the workspace. */
  pressure(team: string, channel: string): { answers: number; edits: number } {
    return { answers: this.#lanes.get(`post/${team}/${channel}`)?.size(1) ?? 0, edits: this.#lanes.get(`update/${team}`)?.size(1) ?? 0 }
  }

  /** Messages of this process that wait or are being sent. */
  waiting(): number {
    return [...this.#lanes.values()].reduce((sum, lane) => sum + lane.size(), 0)
  }

  /** Why Slack does not take the token, as its last answer said; null where it takes it. */
  tokenRefused(): string | null {
    return this.#refused
  }

  /** Sends what waits for up to `graceMs`; what is left then stays written down for the next process. */
  async close(graceMs = 5000): Promise<void> {
    const { clock } = this.#options
    const until = clock.now() + graceMs
    while (this.waiting() > 0 && clock.now() < until) await clock.sleep(25)
    this.#closed = true
    this.#stopBeating()
    for (const lane of this.#lanes.values()) lane.close()
    await this.#entries.retire()
  }

  async #accept(
    team: string,
    key: string,
    op: Op,
    options: { priority?: Priority; after?: string | null; deadlineMs?: number } = {},
  ): Promise<void> {
    const now = this.#options.clock.now()
    const priority = options.priority ?? 0
    const order = await this.#entries.nextOrder(team)
    const lifeMs = options.deadlineMs ?? (priority === 2 ? progressDeadlineMs : answerDeadlineMs)
    const entry: Entry = {
      key,
      team,
      op,
      after: options.after ?? null,
      priority,
      // an answer is newer than any progress, whichever process wrote it when
      version: (priority === 2 ? progressVersions : answerVersions) + order,
      createdAt: order,
      lifeMs,
      deadlineAt: now + lifeMs,
      attempts: 0,
      fallbackLevel: 0,
      uncertain: false,
      durable: priority !== 2,
    }
    if (entry.durable) await this.#entries.save(entry)
    await this.#enqueue(entry)
  }

  async #enqueue(entry: Entry): Promise<void> {
    if (this.#closed) return
    const isEdit = entry.op.kind === 'put' && (await this.#entries.sent(entry.team, entry.key)) !== null
    this.#push(laneOf(entry, isEdit), entry)
  }

  #push(kind: LaneKind, entry: Entry): void {
    const superseded = this.#lane(kind, entry).push(entry)
    if (superseded === null) return
    this.#entries.forget(superseded).catch((error: unknown) => this.#options.log.warn('outbox: not forgotten', { error: String(error) }))
  }

  #lane(kind: LaneKind, entry: Entry): Lane {
    const name = kind === 'post' && 'channel' in entry.op ? `post/${entry.team}/${entry.op.channel}` : `${kind}/${entry.team}`
    const found = this.#lanes.get(name)
    if (found !== undefined) return found
    const buckets: { key: string; pace: Pace }[] = [{ key: keys.pace(name), pace: paces[kind] }]
    // holds of the whole workspace only; its own pace is no limit
    if (kind === 'post') buckets.push({ key: keys.pace(`workspace/${entry.team}`), pace: { intervalMs: 0, burst: 1 } })
    const lane = new Lane({
      state: this.#options.state,
      clock: this.#options.clock,
      buckets,
      paceFromEnd: kind === 'post',
      send: (next) => this.#send(kind, next, name),
      readiness: (next) => this.#readiness(next, kind),
      onError: (error) => this.#options.log.error('outbox lane stopped, going on in a second', { lane: name, error: String(error) }),
    })
    this.#lanes.set(name, lane)
    return lane
  }

  async #readiness(entry: Entry, kind: LaneKind): Promise<'ready' | 'waits' | 'unwanted'> {
    if (entry.op.kind === 'react' && !(await this.#sender.isReactionWanted(entry.op))) return 'unwanted'
    if (entry.deadlineAt <= this.#options.clock.now()) {
      this.#options.log.warn('giving up on a message: its time is over', { team: entry.team, key: entry.key })
      await this.#entries.forget(entry)
      return 'unwanted'
    }
    if ((entry.notBefore ?? 0) > this.#options.clock.now()) return 'waits'
    if (kind !== 'post' || entry.after === null) return 'ready'
    return (await this.#entries.isSettled(entry.team, entry.after)) ? 'ready' : 'waits'
  }

  /** One try. `rate_limited` and unknown ends come back later; refusals end here. */
  async #send(kind: LaneKind, entry: Entry, lane: string): Promise<Outcome> {
    if (!(await this.#entries.lease(entry, requestTimeoutMs * 3))) return { retryInMs: 500 }
    try {
      entry.attempts += 1
      if ((await this.#sender.send(kind, entry)) === 'edit_instead') this.#push('update', entry)
      else await this.#entries.forget(entry)
      this.#refused = null
      return 'done'
    } catch (thrown) {
      return await this.#afterFailure(entry, classify(thrown), lane)
    } finally {
      await this.#entries.release(entry)
    }
  }

  async #recorded(entry: Entry, record: SentRecord, subject: MessageSubject | null): Promise<void> {
    await this.#entries.recordSent(entry, record, subject)
    this.#waiters.get(`${entry.team}/${entry.key}`)?.(null)
    try {
      await this.#options.onSent?.(entry.team, record, subject)
    } catch (error) {
      this.#options.log.error('what was to follow a message failed', { team: entry.team, key: entry.key, error: String(error) })
    }
  }

  async #afterFailure(entry: Entry, failure: Failure, lane: string): Promise<Outcome> {
    const about = { team: entry.team, key: entry.key, op: entry.op.kind, ...failure }
    switch (failure.kind) {
      case 'rate_limited': {
        entry.attempts -= 1
        if (!entry.uncertain) await this.#entries.clearTried(entry)
        this.#options.log.warn('Slack asks for a pause', about)
        this.#options.onPause?.(lane.split('/')[0] ?? lane)
        // only the question whether it arrived was too much: in some workspaces that may be asked once a minute, and posts are
        // not
        if (lane.startsWith('post/') && entry.uncertain && entry.requestedAt === undefined) {
          entry.notBefore = this.#options.clock.now() + failure.retryAfterMs
          return { retryInMs: 0 }
        }
        entry.heldUntil = this.#options.clock.now() + failure.retryAfterMs
        await this.#options.state.hold(keys.pace(lane), failure.retryAfterMs)
        const hits = await this.#options.state.increment(keys.throttled(entry.team), 1, workspaceThrottle.windowMs)
        if (hits >= workspaceThrottle.hits) await this.#options.state.hold(keys.pace(`workspace/${entry.team}`), failure.retryAfterMs)
        return { retryInMs: 0 }
      }
      case 'blocks_refused': {
        const next = 'message' in entry.op ? nextFallback(entry.op.message, entry.fallbackLevel) : null
        if (next === null) return this.#giveUp(entry, about)
        this.#options.log.error('Slack refused blocks; sending plainer ones', about)
        entry.fallbackLevel = next
        if (!entry.uncertain) await this.#entries.clearTried(entry)
        return { retryInMs: 0 }
      }
      case 'message_gone':
        if (entry.op.kind === 'put' && entry.priority < 2) {
          await this.#entries.forgetSent(entry.team, entry.key)
          this.#push('post', entry)
          return 'done'
        }
        return this.#giveUp(entry, about)
      case 'token_refused': {
        this.#refused = failure.error
        const waits = (await this.#options.onTokenRefused?.(entry.team, failure.error)) ?? false
        if (entry.priority === 2) return this.#giveUp(entry, about)
        if (!entry.uncertain) await this.#entries.clearTried(entry)
        // the app may have been installed anew since its token was read
        if (entry.attempts < 2) return { retryInMs: 500 }
        return waits ? { retryInMs: awayRetryMs } : this.#giveUp(entry, about)
      }
      case 'refused':
        // already_reacted, no_reaction: it is as it should be
        if (entry.op.kind === 'react') {
          await this.#entries.forget(entry)
          return 'done'
        }
        return this.#giveUp(entry, about)
      case 'away':
        if (entry.priority === 2) return this.#giveUp(entry, about)
        entry.uncertain = true
        this.#options.log.warn('Slack does not answer; trying again', about)
        return { retryInMs: Math.min(awayRetryMs, 500 * 2 ** Math.min(10, entry.attempts - 1)) }
      case 'unknown':
        if (entry.priority === 2 || entry.attempts >= maxAttempts) return this.#giveUp(entry, about)
        entry.uncertain = true
        this.#options.log.warn('no clear answer from Slack; trying again', about)
        return { retryInMs: Math.min(30_000, 500 * 2 ** (entry.attempts - 1)) }
    }
  }

  async #giveUp(entry: Entry, about: Record<string, unknown>): Promise<Outcome> {
    this.#options.log[entry.priority === 2 ? 'debug' : 'error']('a message could not be sent', about)
    await this.#entries.forget(entry)
    if (entry.op.kind === 'put' && entry.priority < 2) await this.#entries.recordGivenUp(entry)
    this.#waiters.get(`${entry.team}/${entry.key}`)?.(String(about.error ?? 'no reason'))
    return 'done'
  }

  async #takeOver(all: boolean): Promise<void> {
    if (this.#takingOver || this.#closed) return
    this.#takingOver = true
    try {
      await this.#entries.takeOver({ all }, async (taken) => {
        this.#options.log.info('going on with messages that another process left', { count: taken.length })
        // what the dead process had on its way keeps its channel shut by itself
        await Promise.all(taken.sort((a, b) => a.createdAt - b.createdAt).map((entry) => this.#enqueue(entry)))
      })
    } finally {
      this.#takingOver = false
    }
  }
}
