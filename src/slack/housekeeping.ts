import { PromptsError } from '../errors.ts'
import type { Adopted } from './adoption/adoption.ts'
import { outcomeReminder } from './blocks/notice-messages.ts'
import type { SlackServices } from './services.ts'

const day = 24 * 3600_000
/** Between a run's acceptance and its place in the queue, and between its last try and its end, lie moments; this is many. */
const lostRunMs = 30_000
/** Between a run's answer and its place in the compiler's queue lies a moment; this is many. */
const lostCompilationMs = 60_000

/** What is done by the clock: reminders, runs that got lost, runs whose time is over. Any number of processes may do it. */
export class Housekeeping {
  readonly #services: SlackServices
  readonly #now: () => number
  #timers: NodeJS.Timeout[] = []

  constructor(services: SlackServices, options: { now?: () => number } = {}) {
    this.#services = services
    this.#now = options.now ?? Date.now
  }

  start(): void {
    const every = (ms: number, name: string, work: () => Promise<unknown>) => {
      const timer = setInterval(() => {
        work().catch((error: unknown) => this.#services.deps.log.warn(`housekeeping: ${name} failed`, { error: String(error) }))
      }, ms)
      timer.unref()
      this.#timers.push(timer)
    }
    every(20_000, 'lost runs', () => this.endLostRuns())
    every(20_000, 'lost compilations', () => this.endLostCompilations())
    every(3600_000, 'reminders', () => this.remind())
    every(3600_000, 'retention', () => this.forgetOldRuns())
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
  }

  /** Asks once, a day after an adoption, how the card ran. */
  async remind(): Promise<number> {
    const { deps, outbox } = this.#services
    let count = 0
    for (const { value } of await deps.state.list('adopted:', 5000)) {
      const adopted = JSON.parse(value) as Adopted
      if (adopted.measuredMs !== null || this.#now() - Date.parse(adopted.at) < day) continue
      if (!(await deps.state.claim(`reminded:${adopted.run}`, deps.config.PROMPTS_KEEP_DAYS * day))) continue
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
    for (const { key, value } of await deps.state.list('active:', 5000)) {
      const run = key.slice('active:'.length)
      if ((await records.delivered(run)) || (await records.ended(run)) === 'cancelled') {
        await deps.state.delete(key)
        continue
      }
      if (this.#now() - Date.parse(value) < lostRunMs || (await deps.runs.has(run))) continue
      const record = await records.get(run)
      await deps.state.delete(key)
      if (record === null || (await records.end(run, 'failed')) !== 'failed') continue
      count += 1
      await delivery.fail(
        record,
        new PromptsError('timeout', 'This run was interrupted and did not come back', {
          hint: 'Ask again: it goes on from the stages that are done.',
        }),
      )
    }
    return count
  }

  /** Cards that wait for a verdict which no queue knows of any more: they must not say for ever that they are being compiled. */
  async endLostCompilations(): Promise<number> {
    const { deps, records, delivery } = this.#services
    let count = 0
    for (const { key, value } of await deps.state.list('compiling:', 5000)) {
      const run = key.slice('compiling:'.length)
      if (this.#now() - Date.parse(value) < lostCompilationMs || (await deps.compiles.has(`compile-${run}`))) continue
      const record = await records.get(run)
      if (record === null) await deps.state.delete(key)
      else await delivery.compilingEnded(record)
      count += 1
    }
    return count
  }

  /** Deletes runs that are older than the operator keeps them. */
  async forgetOldRuns(): Promise<number> {
    const { deps } = this.#services
    const oldest = this.#now() - deps.config.PROMPTS_KEEP_DAYS * day
    let count = 0
    for (const { key } of await deps.state.list('tenant:', 10_000)) {
      const tenant = key.slice('tenant:'.length)
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
  const { state } = services.deps
  const record = await services.records.get(run)
  if (record !== null) await state.delete(`adopted:${record.team}/${run}`)
  for (const { key } of await state.list(`marks-${run}:`, 1000)) await state.delete(key)
  await state.delete(`pictures:${run}`)
  await services.deps.memory.delete(run)
  await services.records.forget(run)
}
