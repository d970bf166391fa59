import type { RunRequest } from '../contract/run.ts'
import { PromptsError } from '../errors.ts'
import { keys, ofRun } from '../state/keys.ts'
import { outcomeReminder } from './blocks/notice-messages.ts'
import { compileJobId, jobSchema } from './deps.ts'
import { recordOf } from './runs/run-handler.ts'
import { messageKey, messageParts } from './runs/run-records.ts'
import type { SlackServices } from './services.ts'

const day = 24 * 3600_000
/** A run is accepted a moment before it is in the queue, and ends a moment after it left it; this is many moments. */
const lostMs = 20_000
/** How long no worker may take what waits before it is told. */
const idleMs = 25_000
/** So many threads are told at a time. */
const mostTold = 200
/** How long a restored run may take to end. */
const restoredMs = 3600_000

/** What is done by the clock: reminders, runs that got lost, runs whose time is over. Any number of processes may do it. */
export class Housekeeping {
  readonly #services: SlackServices
  readonly #now: () => number
  /** Since when no queue knows of a job. */
  readonly #missing = new Map<string, Map<string, number>>()
  /** Since when runs wait and none is worked; null while that is not so. */
  #idleSince: number | null = null
  #timers: NodeJS.Timeout[] = []

  constructor(services: SlackServices, options: { now?: () => number } = {}) {
    this.#services = services
    this.#now = options.now ?? (() => performance.timeOrigin + performance.now())
  }

  start(): void {
    const every = (ms: number, name: string, work: () => Promise<unknown>) => {
      const timer = setInterval(() => {
        work().catch((error: unknown) => this.#services.deps.log.warn(`housekeeping: ${name} failed`, { error: String(error) }))
      }, ms)
      timer.unref()
      this.#timers.push(timer)
    }
    every(10_000, 'lost runs', () => this.endLostRuns())
    every(15_000, 'runs that Redis lost', () => this.restoreLostRuns())
    every(10_000, 'lost compilations', () => this.endLostCompilations())
    every(10_000, 'waits', () => this.tellNoWorker())
    every(3600_000, 'reminders', () => this.remind())
    every(3600_000, 'retention', () => this.forgetOldRuns())
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
  }

  /** Asks once, a day after an adoption, how the card ran. */
  async remind(): Promise<number> {
    const { deps, outbox, adoption } = this.#services
    let count = 0
    for (const adopted of await adoption.list(null, 5000)) {
      if (adopted.outcome !== null || this.#now() - Date.parse(adopted.at) < day) continue
      if (!(await deps.state.claim(ofRun.reminded(adopted.run), deps.config.PROMPTS_KEEP_DAYS * day))) continue
      count += 1
      await outbox.put({
        team: adopted.team,
        key: `${adopted.run}/reminder`,
        channel: adopted.channel,
        threadTs: adopted.threadTs,
        message: outcomeReminder({ by: adopted.by, mesh: adopted.mesh, predictedMs: adopted.predictedMs }),
      })
    }
    return count
  }

  /** Runs that were accepted, have no end, and that no queue knows of any more: their threads must not wait for ever. */
  async endLostRuns(): Promise<number> {
    const { deps, records, delivery } = this.#services
    let count = 0
    for (const run of await this.#lost('runs', await records.active(), (one) => deps.runs.has(one))) {
      await records.retire(run)
      if ((await records.delivered(run)) || (await records.ended(run)) === 'cancelled') continue
      const record = await records.get(run)
      if (record === null || (await records.end(run, 'failed')) !== 'failed') continue
      count += 1
      await delivery.fail(
        record,
        new PromptsError('timeout', 'This run was interrupted and did not come back', {
          hint: 'Ask again: it continues after the stages that are done.',
        }),
      )
    }
    return count
  }

  /** Runs wait and nobody has worked the queue for a while: their threads are told, before a minute is over. */
  async tellNoWorker(): Promise<void> {
    const { deps, records, delivery } = this.#services
    const { waiting, active } = await deps.runs.depth()
    if (waiting === 0 || active > 0) this.#idleSince = null
    else this.#idleSince ??= this.#now()
    if (this.#idleSince === null || this.#now() - this.#idleSince < idleMs) return
    for (const run of (await records.active()).slice(0, mostTold)) {
      const record = await records.get(run)
      if (record !== null) await delivery.tellNoWorker(record)
    }
  }

  /** Cards that wait for a verdict which no queue knows of any more: they must not say for ever that they are being compiled. */
  async endLostCompilations(): Promise<number> {
    const { deps, records, delivery } = this.#services
    const lost = await this.#lost('compilations', await records.compiling(), (run) => deps.compiles.has(compileJobId(run)))
    for (const run of lost) {
      const record = await records.get(run)
      if (record === null) await records.endCompiling(run)
      else await delivery.compilingEnded(record)
    }
    return lost.length
  }

  /**
   * Runs that are in the store of runs without an end and that the state store does not know: Redis lost what it held. Each goes
   * back into the queue and continues after the stages that are done; its thread's messages are found again by what Slack keeps
   * of them.
   */
  async restoreLostRuns(): Promise<number> {
    const { deps, records, outbox } = this.#services
    const unknown = new Map<string, RunRequest>()
    for (const request of await deps.memory.open()) if ((await records.get(request.run)) === null) unknown.set(request.run, request)
    const lost = await this.#lost('records', [...unknown.keys()], (run) => deps.runs.has(run))
    let count = 0
    for (const run of lost) {
      const request = unknown.get(run)
      if (!request?.thread || !(await deps.state.claim(ofRun.restored(run), 3600_000))) continue
      const { team, channel, threadTs } = request.thread
      const title = request.subject.kind === 'experiment' ? request.subject.id : 'the experiment in the message'
      const record = recordOf({ request, title })
      deps.log.warn('a run that Redis lost continues', { run, team })
      // its messages may be in Slack already: they are looked for before another is posted
      for (const part of messageParts) await outbox.expectThere(team, messageKey(run, { channel, threadTs }, part))
      await records.begin(record, { channel, threadTs, askTs: null, user: record.by }, restoredMs)
      await deps.runs.add(run, { schema: jobSchema, request, title }, { tenant: team, person: record.by, cost: 0 })
      count += 1
    }
    return count
  }

  /**
   * Of these runs those whose job no queue has had for a while, by this process's own clock: hosts need not agree on the time.
   */
  async #lost(what: string, runs: readonly string[], isQueued: (run: string) => Promise<boolean>): Promise<string[]> {
    const missing = this.#missing.get(what) ?? new Map<string, number>()
    const now = this.#now()
    const still = new Map<string, number>()
    for (const run of runs) if (!(await isQueued(run))) still.set(run, missing.get(run) ?? now)
    this.#missing.set(what, still)
    return [...still].filter(([, since]) => now - since >= lostMs).map(([run]) => run)
  }

  /** Deletes runs that are older than the operator keeps them. */
  async forgetOldRuns(): Promise<number> {
    const { deps } = this.#services
    const oldest = this.#now() - deps.config.PROMPTS_KEEP_DAYS * day
    let count = 0
    for (const { key } of await deps.state.list(keys.tenants, 10_000)) {
      const tenant = key.slice(keys.tenants.length)
      for (const request of await deps.memory.list({ tenant, limit: 100_000 })) {
        if (Date.parse(request.at) >= oldest) continue
        await forgetRun(this.#services, request.run)
        count += 1
      }
    }
    return count
  }
}

/** Deletes one run: its record, and what Slack's side knows of it. Messages in Slack stay: they are the workspace's. */
export async function forgetRun(services: SlackServices, run: string): Promise<void> {
  await services.deps.memory.delete(run)
  await services.records.forget(run)
}
