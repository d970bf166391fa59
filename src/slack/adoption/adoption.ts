import { setTimeout as sleep } from 'node:timers/promises'
import type { WebClient } from '@slack/web-api'
import type { Card } from '../../contract/diagnosis.ts'
import { formatMesh } from '../../contract/mesh.ts'
import { asPromptsError, PromptsError } from '../../errors.ts'
import type { AdoptedCard, Rank } from '../../runs/adoption.ts'
import { everyRun, keys, ofRun } from '../../state/keys.ts'
import { adoptedMessage, takenBackMessage, withdrawnNotice } from '../blocks/notice-messages.ts'
import type { SlackDeps } from '../deps.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { Delivery } from '../runs/delivery.ts'
import type { RunRecord, RunRecords } from '../runs/run-records.ts'

const day = 24 * 3600_000
const lockMs = 20_000

/** The card of a run that is adopted now, and where it is talked about. */
export interface Adopted extends AdoptedCard, Talk {}

/** Where a run's adoption is talked about; what was adopted is in the run's events. */
interface Talk extends Place {
  run: string
  team: string
  title: string
  at: string
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

  /** What the run's events say is adopted, and where that is talked about; null where nothing is, or the run is deleted. */
  async current(team: string, run: string): Promise<Adopted | null> {
    const { deps, records } = this.#options
    const found = await deps.diagnose.current(run, team).catch((error: unknown) => {
      if (asPromptsError(error).code === 'unknown_run') return null
      throw error
    })
    if (!found?.adopted) return null
    const talk = await deps.state.get(ofRun.adopted(run))
    const place = talk === null ? await records.get(run) : (JSON.parse(talk) as Talk)
    if (place === null) return null
    const { title, channel, threadTs } = place
    return { run, team, title, channel, threadTs, ...found.adopted }
  }

  /** Adopted cards of a workspace, or of all, the newest first. */
  async list(team: string | null, limit: number): Promise<Adopted[]> {
    const found = (await this.#options.deps.state.list(everyRun.adopted, 5000)).map(({ value }) => JSON.parse(value) as Talk)
    const own = found.filter((talk) => team === null || talk.team === team).sort((a, b) => b.at.localeCompare(a.at))
    const adopted = await Promise.all(own.slice(0, limit).map((talk) => this.current(talk.team, talk.run).catch(() => null)))
    return adopted.filter((one) => one !== null)
  }

  /**
   * Whether this person may adopt, by the operator's setting.
   * @returns null, or in words who may.
   */
  async refusalFor(client: WebClient, record: RunRecord, user: string): Promise<string | null> {
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
    await this.#change(record, place, { mark, added: true })
  }

  /** Someone takes a mark back; without a source, all that this person said for the card. */
  async unmark(record: RunRecord, place: Place, mark: { user: string; rank: Rank; source: string | null }): Promise<void> {
    await this.#change(record, place, { mark, added: false })
  }

  /** The compiler refused a card: it is void, and whoever backs it hears of it. */
  async withdrawn(record: RunRecord, input: { card: Card; reason: string; replacement: Card | null }): Promise<void> {
    const { deps, outbox } = this.#options
    const { rank } = input.card
    await this.#locked(record.run, async () => {
      const place = (await this.current(record.team, record.run)) ?? record
      const { adopted, marks } = await deps.diagnose.refuse({ run: record.run, tenant: record.team, rank, why: input.reason })
      if (adopted === null) return
      await deps.state.delete(ofRun.adopted(record.run))
      const adopters = [...new Set([adopted.by, ...marks.map((mark) => mark.user)])]
      await outbox.put({
        team: record.team,
        key: `${record.run}/withdrawn/${rank}/${formatMesh(input.card.mesh, ',')}`,
        channel: place.channel,
        threadTs: place.threadTs,
        message: withdrawnNotice({ adopters, rank, card: input.card, reason: input.reason, replacement: input.replacement }),
      })
    })
  }

  async #change(
    record: RunRecord,
    place: Place,
    { mark, added }: { mark: { user: string; rank: Rank; source: string | null }; added: boolean },
  ): Promise<void> {
    const { diagnose } = this.#options.deps
    await this.#locked(record.run, async () => {
      const changed = await diagnose.mark({ run: record.run, tenant: record.team, mark, added })
      // a process may have died between its mark and what follows from it
      if (!changed && !added) return
      await this.#settle(record, place, { by: mark.user, isReturn: !added })
    })
  }

  /** Makes the adoption agree with the marks (the last one stands), and says what changed. */
  async #settle(record: RunRecord, place: Place, { by, isReturn }: { by: string; isReturn: boolean }): Promise<void> {
    const { deps, outbox } = this.#options
    const { run, team: tenant, title } = record
    const { adopted: before, marks } = await deps.diagnose.current(run, tenant)
    const top = marks.at(-1) ?? null
    if (top === null && before === null) return
    if (top !== null && top.rank === before?.rank && top.user === before.by) return
    const isSameCard = top !== null && top.rank === before?.rank
    if (top === null && before !== null) {
      await deps.diagnose.unadopt({ run, rank: before.rank, by, tenant })
      await deps.state.delete(ofRun.adopted(run))
      await outbox.put({ ...(await this.#saying(record, place)), message: takenBackMessage({ by, rank: before.rank, now: null }) })
    } else if (top !== null) {
      const written = await deps.diagnose.adopt({ run, rank: top.rank, by: top.user, tenant })
      const talk: Talk = { run, team: tenant, title, at: new Date().toISOString(), ...place }
      await deps.state.set(ofRun.adopted(run), JSON.stringify(talk), this.#keepMs)
      if (isSameCard) return
      const message =
        isReturn && before !== null
          ? takenBackMessage({ by, rank: before.rank, now: { by: top.user, rank: top.rank } })
          : adoptedMessage({ by: top.user, rank: top.rank, case: written, instead: before })
      await outbox.put({ ...(await this.#saying(record, place)), message })
    }
    await this.#redraw(record, [before?.rank, top?.rank])
  }

  /** Each change of a run's adoption has a message of its own. */
  async #saying({ run, team }: RunRecord, place: Place): Promise<Place & { team: string; key: string }> {
    const change = await this.#options.deps.state.increment(ofRun.adoptionChanges(run), 1, this.#keepMs)
    return { team, key: `${run}/adoption/${change}`, channel: place.channel, threadTs: place.threadTs }
  }

  /** Shows on the cards which one is adopted. */
  async #redraw(record: RunRecord, ranks: (Rank | undefined)[]): Promise<void> {
    const { deps, records, delivery } = this.#options
    const diagnosis = await deps.memory.diagnosis(record.run)
    if (diagnosis === null) return
    for (const watcher of await records.watchers(record.run)) {
      for (const card of diagnosis.cards.filter((one) => ranks.includes(one.rank))) {
        await delivery().card(record, watcher, { diagnosis, card }, { priority: 1 })
      }
    }
  }

  async #groupMembers(client: WebClient, team: string, group: string): Promise<string[]> {
    const { state } = this.#options.deps
    const key = keys.groupMembers(team, group)
    const known = await state.get(key)
    if (known !== null) return JSON.parse(known) as string[]
    try {
      const { users } = await client.usergroups.users.list({ usergroup: group })
      await state.set(key, JSON.stringify(users ?? []), 300_000)
      return users ?? []
    } catch (cause) {
      throw new PromptsError('unavailable', "Couldn't check with Slack who may adopt", {
        hint: 'React again in a minute; an admin checks PROMPTS_ADOPTERS.',
        cause,
      })
    }
  }

  /** One change of a run at a time, over all processes. */
  async #locked<T>(run: string, work: () => Promise<T>): Promise<T> {
    const { state } = this.#options.deps
    const key = ofRun.adoptionLock(run)
    const until = performance.now() + lockMs
    while (!(await state.claim(key, lockMs))) {
      if (performance.now() > until)
        throw new PromptsError('timeout', 'Another change to this run is still in progress', { hint: 'React again.' })
      await sleep(30)
    }
    try {
      return await work()
    } finally {
      await state.release(key)
    }
  }
}
