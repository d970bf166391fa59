import { everyRun, keys, listedOfRun, ofRun } from '../../state/keys.ts'
import type { StateStore } from '../../state/state-store.ts'

const day = 24 * 3600_000
/** Numbers that order entries outlive every entry. */
const orderMs = 3650 * day

/** How a run ended. The first end that is written stands. */
export type RunEnd = 'done' | 'failed' | 'cancelled'

/** Why a run failed, for whoever asks about it later. */
export interface RunFailure {
  id: string
  message: string
  hint: string
}

/** What Slack knows of a run, besides its record in Sharding Memory. */
export interface RunRecord {
  run: string
  team: string
  title: string
  /** What the run is of: the same subject asked for again while it runs joins it. */
  subject: string
  by: string
  at: string
  channel: string
  threadTs: string
  bottleneck: string | null
}

/** A thread that waits for a run's answer. */
export interface Watcher {
  channel: string
  threadTs: string
  /** The message that asked, which carries the 👀; null for a command. */
  askTs: string | null
  user: string
}

/** The messages that a run may have in a thread. */
export const messageParts = ['root', 'card1', 'card2', 'card3', 'verdicts', 'setting', 'details'] as const
export type MessagePart = (typeof messageParts)[number]

/** Keys of messages, one of each a run and thread. */
export function messageKey(run: string, watcher: Pick<Watcher, 'channel' | 'threadTs'>, part: MessagePart): string {
  return `${run}/${watcher.channel}/${watcher.threadTs}/${part}`
}

/** Runs, who watches them, which thread they belong to, and how they ended. */
export class RunRecords {
  readonly #state: StateStore
  readonly #keepMs: number

  constructor(state: StateStore, options: { keepDays: number }) {
    this.#state = state
    this.#keepMs = options.keepDays * day
  }

  /** The run that stands for this subject now: the given one, or one that is under way already. */
  async openFor(team: string, subject: string, run: string, ttlMs: number): Promise<string> {
    return this.#state.setIfAbsent(keys.openRun(team, subject), run, ttlMs)
  }

  async close(record: RunRecord): Promise<void> {
    const key = keys.openRun(record.team, record.subject)
    if ((await this.#state.get(key)) === record.run) await this.#state.delete(key)
  }

  async save(record: RunRecord): Promise<void> {
    await this.#state.set(ofRun.record(record.run), JSON.stringify(record), this.#keepMs)
  }

  async get(run: string): Promise<RunRecord | null> {
    const value = await this.#state.get(ofRun.record(run))
    return value === null ? null : (JSON.parse(value) as RunRecord)
  }

  /** Writes how the run ended unless that is written already; what stands. */
  async end(run: string, how: RunEnd): Promise<RunEnd> {
    return (await this.#state.setIfAbsent(ofRun.end(run), how, this.#keepMs)) as RunEnd
  }

  async ended(run: string): Promise<RunEnd | null> {
    return (await this.#state.get(ofRun.end(run))) as RunEnd | null
  }

  /** A run that ended goes on after all: its end is forgotten, and it counts as under way. */
  async revive(run: string): Promise<void> {
    for (const key of [ofRun.end(run), ofRun.failure(run), ofRun.delivered(run)]) await this.#state.delete(key)
    await this.#state.set(ofRun.active(run), '1', this.#keepMs)
  }

  async recordFailure(run: string, failure: RunFailure): Promise<void> {
    await this.#state.set(ofRun.failure(run), JSON.stringify(failure), this.#keepMs)
  }

  async failure(run: string): Promise<RunFailure | null> {
    const value = await this.#state.get(ofRun.failure(run))
    return value === null ? null : (JSON.parse(value) as RunFailure)
  }

  /** All messages of an ended run are written down. */
  async markDelivered(run: string): Promise<void> {
    await this.#state.set(ofRun.delivered(run), '1', this.#keepMs)
  }

  async delivered(run: string): Promise<boolean> {
    return (await this.#state.get(ofRun.delivered(run))) !== null
  }

  /** The compiler was asked about this run's cards; since when. */
  async beginCompiling(run: string): Promise<void> {
    await this.#state.set(ofRun.compiling(run), new Date().toISOString(), this.#keepMs)
  }

  async isCompiling(run: string): Promise<boolean> {
    return (await this.#state.get(ofRun.compiling(run))) !== null
  }

  async endCompiling(run: string): Promise<void> {
    await this.#state.delete(ofRun.compiling(run))
  }

  async watch(run: string, watcher: Watcher): Promise<void> {
    await this.#state.set(keys.watcher(run, watcher), JSON.stringify(watcher), this.#keepMs)
  }

  /** This thread waits no longer. */
  async unwatch(run: string, watcher: Pick<Watcher, 'channel' | 'threadTs'>): Promise<void> {
    await this.#state.delete(keys.watcher(run, watcher))
  }

  async watchers(run: string): Promise<Watcher[]> {
    return (await this.#state.list(listedOfRun.watchers(run), 200)).map(({ value }) => JSON.parse(value) as Watcher)
  }

  /** Remembers that this thread is ours, its newest run last. */
  async addToThread(team: string, channel: string, threadTs: string, run: string): Promise<void> {
    const order = await this.#state.increment(keys.order(team, 'threads'), 1, orderMs)
    await this.#state.set(keys.threadRun({ team, channel, threadTs }, run), String(order), this.#keepMs)
  }

  async threadRuns(team: string, channel: string, threadTs: string): Promise<string[]> {
    const prefix = keys.threadRuns({ team, channel, threadTs })
    const found = await this.#state.list(prefix, 200)
    return found.sort((a, b) => Number(a.value) - Number(b.value)).map(({ key }) => key.slice(prefix.length))
  }

  /** The run that a subject stands for is another's to open: whoever opened it died before it was written down. */
  async reopen(team: string, subject: string): Promise<void> {
    await this.#state.delete(keys.openRun(team, subject))
  }

  /** Accepted from now on: it must get an end. */
  async begin(record: RunRecord, watcher: Watcher, ttlMs: number): Promise<void> {
    const { run, team, at } = record
    await this.save(record)
    await this.watch(run, watcher)
    await this.addToThread(team, watcher.channel, watcher.threadTs, run)
    await this.#state.set(ofRun.active(run), at, ttlMs)
    await this.#state.set(keys.tenant(team), at, this.#keepMs * 2)
  }

  /** Runs that were accepted and are not known to have ended. */
  async active(): Promise<string[]> {
    return (await this.#state.list(everyRun.active, 5000)).map(({ key }) => key.slice(everyRun.active.length))
  }

  async retire(run: string): Promise<void> {
    await this.#state.delete(ofRun.active(run))
  }

  /** Runs whose cards wait for the compiler. */
  async compiling(): Promise<string[]> {
    return (await this.#state.list(everyRun.compiling, 5000)).map(({ key }) => key.slice(everyRun.compiling.length))
  }

  /** Deletes all that belongs to a run here: what `ofRun` and `listedOfRun` name, its threads, its messages' places. */
  async forget(run: string): Promise<void> {
    const record = await this.get(run)
    if (record !== null) {
      await this.close(record)
      for (const watcher of [...(await this.watchers(run)), record]) await this.#forgetThread(record.team, run, watcher)
    }
    for (const prefix of Object.values(listedOfRun)) {
      for (const { key } of await this.#state.list(prefix(run), 1000)) await this.#state.delete(key)
    }
    for (const key of Object.values(ofRun)) await this.#state.delete(key(run))
  }

  async #forgetThread(team: string, run: string, { channel, threadTs }: Pick<Watcher, 'channel' | 'threadTs'>): Promise<void> {
    await this.#state.delete(keys.threadRun({ team, channel, threadTs }, run))
    for (const part of messageParts) {
      const key = keys.sent(team, messageKey(run, { channel, threadTs }, part))
      const sent = await this.#state.get(key)
      if (sent === null) continue
      await this.#state.delete(keys.sentSubject(team, JSON.parse(sent) as { channel: string; ts: string }))
      await this.#state.delete(key)
    }
  }
}
