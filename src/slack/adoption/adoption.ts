import { setTimeout as sleep } from 'node:timers/promises'
import type { WebClient } from '@slack/web-api'
import type { Card } from '../../contract/diagnosis.ts'
import { formatMesh } from '../../contract/mesh.ts'
import { PromptsError } from '../../errors.ts'
import type { Rank } from '../blocks/card-message.ts'
import { adoptedMessage, takenBackMessage, withdrawnNotice } from '../blocks/notice-messages.ts'
import type { SlackDeps } from '../deps.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { Delivery } from '../runs/delivery.ts'
import type { RunRecord, RunRecords } from '../runs/run-records.ts'

const day = 24 * 3600_000
const lockMs = 20_000

/** Who stands behind a card, and by what: each can be taken back by itself. */
interface Mark {
  user: string
  rank: Rank
  source: string
  at: number
}

/** The card of a run that is adopted now. */
export interface Adopted {
  run: string
  team: string
  by: string
  rank: Rank
  at: string
  channel: string
  threadTs: string
  title: string
  mesh: string
  caseId: string
  beforeMs: number | null
  predictedMs: number | null
  measuredMs: number | null
}

export interface AdoptionOptions {
  deps: SlackDeps
  outbox: Outbox
  records: RunRecords
  delivery: () => Delivery
}

/** Where something was said, for the answer. */
export interface Place {
  channel: string
  threadTs: string
}

/** Adopting cards: the last mark stands, whoever's it is; taking it back lets the one before it stand again. */
export class Adoption {
  readonly #options: AdoptionOptions
  readonly #keepMs: number

  constructor(options: AdoptionOptions) {
    this.#options = options
    this.#keepMs = options.deps.config.PROMPTS_KEEP_DAYS * day
  }

  async current(team: string, run: string): Promise<Adopted | null> {
    const value = await this.#options.deps.state.get(`adopted:${team}/${run}`)
    return value === null ? null : (JSON.parse(value) as Adopted)
  }

  async list(team: string): Promise<Adopted[]> {
    const found = await this.#options.deps.state.list(`adopted:${team}/`, 1000)
    return found.map(({ value }) => JSON.parse(value) as Adopted).sort((a, b) => b.at.localeCompare(a.at))
  }

  /**
   * Whether this person may adopt, by the operator's setting.
   * @returns null, or in words who may.
   */
  async mayNot(client: WebClient, record: RunRecord, user: string): Promise<string | null> {
    const { deps, records } = this.#options
    const setting = deps.config.PROMPTS_ADOPTERS
    if (setting === 'anyone') return null
    if (setting === 'asker') {
      const watchers = await records.watchers(record.run)
      return record.by === user || watchers.some((watcher) => watcher.user === user) ? null : 'only who asked for a run'
    }
    const members = await this.#groupMembers(client, record.team, setting)
    return members.includes(user) ? null : `only members of <!subteam^${setting}>`
  }

  /** Someone adopts a card. Says in the thread what was recorded; nothing where it changes nothing. */
  async mark(record: RunRecord, place: Place, mark: { user: string; rank: Rank; source: string }): Promise<void> {
    const { deps } = this.#options
    await this.#locked(record.run, async () => {
      const key = markKey(record.run, mark)
      if ((await deps.state.get(key)) !== null) return
      await deps.memory.append(record.run, { kind: 'reaction', name: mark.source, data: { ...mark, added: true } })
      await deps.state.set(key, JSON.stringify({ ...mark, at: Date.now() } satisfies Mark), this.#keepMs)
      await this.#settle(record, place, { by: mark.user, isReturn: false })
    })
  }

  /** Someone takes a mark back; without a source, all that this person said for the card. */
  async unmark(record: RunRecord, place: Place, mark: { user: string; rank: Rank; source: string | null }): Promise<void> {
    const { deps } = this.#options
    await this.#locked(record.run, async () => {
      const gone = (await this.#marks(record.run)).filter(
        (other) => other.user === mark.user && other.rank === mark.rank && (mark.source === null || mark.source === other.source),
      )
      if (gone.length === 0) return
      await deps.memory.append(record.run, { kind: 'reaction', name: mark.source ?? 'take_back', data: { ...mark, added: false } })
      for (const one of gone) await deps.state.delete(markKey(record.run, one))
      await this.#settle(record, place, { by: mark.user, isReturn: true })
    })
  }

  /** The compiler refused a card: all marks on it are void, and whoever stood behind it hears of it. */
  async withdrawn(record: RunRecord, input: { card: Card; reason: string; replacement: Card | null }): Promise<void> {
    const { deps, outbox } = this.#options
    const { rank } = input.card
    await this.#locked(record.run, async () => {
      const marks = (await this.#marks(record.run)).filter((mark) => mark.rank === rank)
      const current = await this.current(record.team, record.run)
      for (const mark of marks) await deps.state.delete(markKey(record.run, mark))
      if (current?.rank !== rank) return
      await deps.diagnose.unadopt({ run: record.run, rank, by: current.by, tenant: record.team })
      await deps.state.delete(`adopted:${record.team}/${record.run}`)
      await deps.memory.append(record.run, {
        kind: 'withdrawal',
        name: `card${rank}`,
        data: { reason: input.reason, adopters: marks.map((mark) => mark.user) },
      })
      const adopters = [...new Set([current.by, ...marks.map((mark) => mark.user)])]
      await outbox.put({
        team: record.team,
        key: `${record.run}/withdrawn/${rank}/${formatMesh(input.card.mesh, ',')}`,
        channel: current.channel,
        threadTs: current.threadTs,
        message: withdrawnNotice({ adopters, rank, card: input.card, reason: input.reason, replacement: input.replacement }),
      })
    })
  }

  /** A measured step time was recorded for the adopted card. */
  async measured(team: string, run: string, measuredMs: number): Promise<void> {
    const adopted = await this.current(team, run)
    if (adopted !== null) await this.#save({ ...adopted, measuredMs })
  }

  /** Makes what is recorded agree with the marks, and says what changed. */
  async #settle(record: RunRecord, place: Place, { by, isReturn }: { by: string; isReturn: boolean }): Promise<void> {
    const { deps, outbox } = this.#options
    const marks = await this.#marks(record.run)
    const top = marks.at(-1) ?? null
    const before = await this.current(record.team, record.run)
    if (top === null && before === null) return
    if (top !== null && top.rank === before?.rank) {
      if (top.user !== before.by) await this.#save({ ...before, by: top.user })
      return
    }
    const change = await deps.state.increment(`changes:${record.run}`, 1, this.#keepMs)
    const say = { team: record.team, key: `${record.run}/adoption/${change}`, ...place }
    if (top === null && before !== null) {
      await deps.diagnose.unadopt({ run: record.run, rank: before.rank, by, tenant: record.team })
      await deps.state.delete(`adopted:${record.team}/${record.run}`)
      await outbox.put({ ...say, message: takenBackMessage({ by, rank: before.rank, now: null }) })
    } else if (top !== null) {
      const written = await deps.diagnose.adopt({ run: record.run, rank: top.rank, by: top.user, tenant: record.team })
      await this.#save({
        ...{
          run: record.run,
          team: record.team,
          by: top.user,
          rank: top.rank,
          at: new Date().toISOString(),
          ...place,
          title: record.title,
        },
        mesh: written.to === null ? '' : formatMesh(written.to),
        caseId: written.id,
        beforeMs: written.measured_before_ms,
        predictedMs: written.predicted_step_ms,
        measuredMs: written.measured_after_ms,
      })
      await outbox.put({
        ...say,
        message:
          isReturn && before !== null
            ? takenBackMessage({ by, rank: before.rank, now: { by: top.user, rank: top.rank } })
            : adoptedMessage({ by: top.user, rank: top.rank, case: written, instead: before }),
      })
    }
    await this.#redraw(record, [before?.rank, top?.rank])
  }

  /** Shows on the cards which one is adopted. */
  async #redraw(record: RunRecord, ranks: (Rank | undefined)[]): Promise<void> {
    const { deps, records, delivery } = this.#options
    const diagnosis = await deps.memory.diagnosis(record.run)
    if (diagnosis === null) return
    for (const watcher of await records.watchers(record.run)) {
      for (const card of diagnosis.cards.filter((one) => ranks.includes(one.rank))) {
        await delivery().card(record, watcher, diagnosis, card, { priority: 1 })
      }
    }
  }

  async #marks(run: string): Promise<Mark[]> {
    const found = await this.#options.deps.state.list(`marks-${run}:`, 1000)
    return found.map(({ value }) => JSON.parse(value) as Mark).sort((a, b) => a.at - b.at)
  }

  async #save(adopted: Adopted): Promise<void> {
    await this.#options.deps.state.set(`adopted:${adopted.team}/${adopted.run}`, JSON.stringify(adopted), this.#keepMs)
  }

  async #groupMembers(client: WebClient, team: string, group: string): Promise<string[]> {
    const { state } = this.#options.deps
    const known = await state.get(`group:${team}/${group}`)
    if (known !== null) return JSON.parse(known) as string[]
    try {
      const { users } = await client.usergroups.users.list({ usergroup: group })
      await state.set(`group:${team}/${group}`, JSON.stringify(users ?? []), 300_000)
      return users ?? []
    } catch (cause) {
      throw new PromptsError('unavailable', 'Slack did not tell who may adopt', {
        hint: 'React again in a minute; an admin checks PROMPTS_ADOPTERS.',
        cause,
      })
    }
  }

  /** One change of a run at a time, over all processes. */
  async #locked<T>(run: string, work: () => Promise<T>): Promise<T> {
    const { state } = this.#options.deps
    const until = Date.now() + lockMs
    while (!(await state.claim(`adoptlock:${run}`, lockMs))) {
      if (Date.now() > until) throw new PromptsError('timeout', 'Another change of this run did not end', { hint: 'React again.' })
      await sleep(30)
    }
    try {
      return await work()
    } finally {
      await state.release(`adoptlock:${run}`)
    }
  }
}

function markKey(run: string, mark: { user: string; rank: Rank; source: string }): string {
  return `marks-${run}:${mark.user}/${mark.rank}/${mark.source}`
}
