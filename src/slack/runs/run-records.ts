import type { StateStore } from '../../state/state-store.ts'

const day = 24 * 3600_000

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

/** Keys of messages, one of each a run and thread. */
export function messageKey(run: string, watcher: Pick<Watcher, 'channel' | 'threadTs'>, part: string): string {
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
    return this.#state.setIfAbsent(`open:${team}/${subject}`, run, ttlMs)
  }

  async close(record: RunRecord): Promise<void> {
    const key = `open:${record.team}/${record.subject}`
    if ((await this.#state.get(key)) === record.run) await this.#state.delete(key)
  }

  async save(record: RunRecord): Promise<void> {
    await this.#state.set(`run:${record.run}`, JSON.stringify(record), this.#keepMs)
  }

  async get(run: string): Promise<RunRecord | null> {
    const value = await this.#state.get(`run:${run}`)
    return value === null ? null : (JSON.parse(value) as RunRecord)
  }

  /** Writes how the run ended unless that is written already; what stands. */
  async end(run: string, how: RunEnd): Promise<RunEnd> {
    return (await this.#state.setIfAbsent(`runend:${run}`, how, this.#keepMs)) as RunEnd
  }

  async ended(run: string): Promise<RunEnd | null> {
    return (await this.#state.get(`runend:${run}`)) as RunEnd | null
  }

  async recordFailure(run: string, failure: RunFailure): Promise<void> {
    await this.#state.set(`failure:${run}`, JSON.stringify(failure), this.#keepMs)
  }

  async failure(run: string): Promise<RunFailure | null> {
    const value = await this.#state.get(`failure:${run}`)
    return value === null ? null : (JSON.parse(value) as RunFailure)
  }

  /** All messages of an ended run are written down. */
  async markDelivered(run: string): Promise<void> {
    await this.#state.set(`delivered:${run}`, '1', this.#keepMs)
  }

  async delivered(run: string): Promise<boolean> {
    return (await this.#state.get(`delivered:${run}`)) !== null
  }

  /** The compiler was asked about this run's cards; since when. */
  async beginCompiling(run: string): Promise<void> {
    await this.#state.set(`compiling:${run}`, new Date().toISOString(), this.#keepMs)
  }

  async isCompiling(run: string): Promise<boolean> {
    return (await this.#state.get(`compiling:${run}`)) !== null
  }

  async endCompiling(run: string): Promise<void> {
    await this.#state.delete(`compiling:${run}`)
  }

  async watch(run: string, watcher: Watcher): Promise<void> {
    await this.#state.set(`watch-${run}:${watcher.channel}/${watcher.threadTs}`, JSON.stringify(watcher), this.#keepMs)
  }

  /** This thread waits no longer. */
  async unwatch(run: string, watcher: Pick<Watcher, 'channel' | 'threadTs'>): Promise<void> {
    await this.#state.delete(`watch-${run}:${watcher.channel}/${watcher.threadTs}`)
  }

  async watchers(run: string): Promise<Watcher[]> {
    return (await this.#state.list(`watch-${run}:`, 200)).map(({ value }) => JSON.parse(value) as Watcher)
  }

  /** Remembers that this thread is ours, its newest run last. */
  async addToThread(team: string, channel: string, threadTs: string, run: string): Promise<void> {
    const key = `thread:${team}/${channel}/${threadTs}`
    const runs = (await this.threadRuns(team, channel, threadTs)).filter((other) => other !== run)
    await this.#state.set(key, JSON.stringify([...runs, run].slice(-20)), this.#keepMs)
  }

  async threadRuns(team: string, channel: string, threadTs: string): Promise<string[]> {
    const value = await this.#state.get(`thread:${team}/${channel}/${threadTs}`)
    return value === null ? [] : (JSON.parse(value) as string[])
  }

  async forget(run: string): Promise<void> {
    for (const { key } of await this.#state.list(`watch-${run}:`, 200)) await this.#state.delete(key)
    for (const name of ['run', 'runend', 'delivered', 'compiling', 'failure']) await this.#state.delete(`${name}:${run}`)
  }
}
