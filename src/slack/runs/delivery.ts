import { z } from 'zod'
import { type OpenQuestion, openQuestionSchema } from '../../contract/answers.ts'
import type { Card, Diagnosis } from '../../contract/diagnosis.ts'
import { asPromptsError, PromptsError } from '../../errors.ts'
import type { Wait } from '../../jobs/job-queue.ts'
import { keys, ofRun } from '../../state/keys.ts'
import { cardMessage, withdrawnCardMessage } from '../blocks/card-message.ts'
import { errorMessage, verdictsMessage } from '../blocks/notice-messages.ts'
import { cancelledMessage, planMessage, type StageProgress, waitMessage } from '../blocks/plan-message.ts'
import { settingMessage } from '../blocks/setting-message.ts'
import { bottleneckShort, detailsMessage, type Page, type Picture, summaryMessage } from '../blocks/summary-message.ts'
import type { SlackDeps } from '../deps.ts'
import type { Priority } from '../outbox/entry.ts'
import type { Outbox } from '../outbox/outbox.ts'
import { budgetNote } from '../requests/access.ts'
import { type MessagePart, messageKey, type RunRecord, type RunRecords, type Watcher } from './run-records.ts'
import { knownPictures } from './upload-pictures.ts'

/** So many roots of a workspace may show progress at once: each needs an edit at its end, and those are limited a minute. */
const progressRoots = 8
const eyes = 'eyes'
/** Nobody should wait longer without a word. */
const tellWaitSeconds = 60
const tellWaitAgainMs = 3600_000
const mostWaitToldMs = 300_000
/** Pictures need an edit of each summary; with more edits than this waiting there are none. */
const picturesUnder = 5

/** What is read here of the stored stage `experiment`. */
const experimentStageSchema = z.object({
  links: z.array(z.object({ title: z.string(), uri: z.string() })),
  questions: z.array(openQuestionSchema).default([]),
})

export interface DeliveryOptions {
  deps: SlackDeps
  outbox: Outbox
  records: RunRecords
  /** Who adopted which card now; asked when a card is shown. */
  adopted: (team: string, run: string) => Promise<{ by: string; rank: 1 | 2 | 3 } | null>
  /** Uploads pictures and names them for the summary. */
  pictures: (record: RunRecord) => Promise<Picture[]>
}

/**
 * Puts what a run has to say into each thread that waits for it. All of it may be called again: the same message is not sent
 * twice.
 */
export class Delivery {
  readonly #options: DeliveryOptions

  constructor(options: DeliveryOptions) {
    this.#options = options
  }

  /** 👀 on the question and the plan in its thread; both give way under load. */
  async begin(record: RunRecord, watcher: Watcher): Promise<void> {
    const { outbox } = this.#options
    if (watcher.askTs !== null)
      await outbox.react({ team: record.team, channel: watcher.channel, ts: watcher.askTs, name: eyes, add: true })
    if (outbox.pressure(record.team, watcher.channel).answers > 0) return
    if (!(await this.#takeProgressSlot(record))) return
    const note = await budgetNote(this.#options.deps, record.team)
    await this.#root(record, watcher, planMessage({ run: record.run, title: record.title, progress: {}, note }), 2)
  }

  /** Tells who asked what stands before their run, where it should take over a minute to begin. */
  async tellWait(record: RunRecord, watcher: Watcher): Promise<void> {
    const wait = await this.#options.deps.runs.ahead(record.run)
    if (wait?.seconds != null && wait.seconds >= tellWaitSeconds) await this.#whisperWait(record, watcher, wait)
  }

  /** Tells everyone who waits for a run that no worker takes it. */
  async tellNoWorker(record: RunRecord): Promise<void> {
    const wait = await this.#options.deps.runs.ahead(record.run)
    if (wait === null || wait.running > 0) return
    for (const watcher of await this.#options.records.watchers(record.run)) await this.#whisperWait(record, watcher, wait)
  }

  async #whisperWait(record: RunRecord, watcher: Watcher, wait: Wait): Promise<void> {
    const { channel, threadTs, user } = watcher
    // once a thread: what follows is the answer
    if (!(await this.#options.deps.state.claim(keys.waitTold(record.run, watcher), tellWaitAgainMs))) return
    await this.#options.outbox.whisper({
      ...{ team: record.team, key: `${record.run}/${channel}/${threadTs}/wait`, channel, user, threadTs },
      message: waitMessage({ title: record.title, run: record.run, wait }),
      // when many wait, whispers do too: said after the run began it would be false
      deadlineMs: Math.min((wait.seconds ?? tellWaitSeconds) * 250, mostWaitToldMs),
    })
  }

  /** Shows the stages where a root is there to show them on. */
  async progress(record: RunRecord, progress: StageProgress): Promise<void> {
    const { outbox, records } = this.#options
    if ((await this.#slotOf(record.run)) === null || outbox.pressure(record.team, record.channel).edits > 3) return
    if ((await records.ended(record.run)) !== null) return
    const note = await budgetNote(this.#options.deps, record.team)
    const shown = planMessage({ run: record.run, title: record.title, progress, note })
    for (const watcher of await records.watchers(record.run)) {
      const there = await outbox.sent(record.team, messageKey(record.run, watcher, 'root'))
      if (there !== null) await this.#root(record, watcher, shown, 2)
    }
  }

  /** The summary and the cards, in every thread that waits. */
  async finish(record: RunRecord, diagnosis: Diagnosis): Promise<void> {
    const { records } = this.#options
    await records.save({ ...record, bottleneck: bottleneckShort(diagnosis) })
    await records.close(record)
    await this.#everyWatcher(record, (watcher) => this.answer(record, watcher, diagnosis))
    await this.#freeProgressSlot(record)
  }

  /**
   * The figures and pictures behind the summary, in the thread where they were asked for: at once, and again with the pictures.
   */
  async details(record: RunRecord, place: Pick<Watcher, 'channel' | 'threadTs'>): Promise<void> {
    const { deps, outbox } = this.#options
    const diagnosis = await deps.memory.diagnosis(record.run)
    if (diagnosis === null)
      throw new PromptsError('unknown_run', 'This run has been deleted', { hint: 'Mention me with the experiment to diagnose it again.' })
    const { pages } = await this.#asides(record.run)
    const put = async (pictures: Picture[]) =>
      outbox.put({
        team: record.team,
        key: messageKey(record.run, place, 'details'),
        ...{ channel: place.channel, threadTs: place.threadTs },
        message: detailsMessage(diagnosis, { title: record.title, pictures, pages }),
      })
    const known = await knownPictures(deps, record.run)
    await put(known)
    if (known.length > 0) return
    const pictures = await this.#options.pictures(record)
    if (pictures.length > 0) await put(pictures)
  }

  /** The summary of a run without cards again, with its pictures: they take a while, and under load they are left out. */
  async addPictures(record: RunRecord, diagnosis: Diagnosis): Promise<void> {
    const { outbox, records } = this.#options
    if (diagnosis.cards.length > 0) return
    if (outbox.pressure(record.team, record.channel).edits > picturesUnder) return
    const pictures = await this.#options.pictures(record)
    if (pictures.length === 0) return
    const shown = summaryMessage(diagnosis, { title: record.title, pictures, ...(await this.#asides(record.run)) })
    for (const watcher of await records.watchers(record.run)) await this.#root(record, watcher, shown, 1)
  }

  /** The whole answer in one thread. */
  async answer(record: RunRecord, watcher: Watcher, diagnosis: Diagnosis): Promise<void> {
    const { outbox, deps } = this.#options
    const [pictures, asides] = await Promise.all([knownPictures(deps, record.run), this.#asides(record.run)])
    await this.#root(record, watcher, summaryMessage(diagnosis, { title: record.title, pictures, ...asides }), 0)
    for (const card of diagnosis.cards) await this.card(record, watcher, { diagnosis, card }, { priority: 0 })
    if (watcher.askTs !== null)
      await outbox.react({ team: record.team, channel: watcher.channel, ts: watcher.askTs, name: eyes, add: false })
  }

  async card(
    record: RunRecord,
    watcher: Watcher,
    { diagnosis, card }: { diagnosis: Diagnosis; card: Card },
    options: { priority: Priority; replaces?: string | null },
  ): Promise<void> {
    const adopted = await this.#options.adopted(record.team, record.run)
    const state = {
      adopted: adopted?.rank === card.rank ? { by: adopted.by } : null,
      compiling: card.compiler === null && (await this.#options.records.isCompiling(record.run)),
      replaces: options.replaces ?? null,
    }
    await this.#options.outbox.put({
      team: record.team,
      key: messageKey(record.run, watcher, `card${card.rank}`),
      channel: watcher.channel,
      threadTs: watcher.threadTs,
      message: cardMessage(diagnosis, card, state),
      after: messageKey(record.run, watcher, before(diagnosis, card)),
      priority: options.priority,
      subject: { run: record.run, rank: card.rank },
    })
  }

  async withdrawn(record: RunRecord, watcher: Watcher, card: Card, reason: string): Promise<void> {
    await this.#options.outbox.put({
      team: record.team,
      key: messageKey(record.run, watcher, `card${card.rank}`),
      channel: watcher.channel,
      threadTs: watcher.threadTs,
      message: withdrawnCardMessage(card, reason),
      priority: 1,
      subject: null,
    })
  }

  /** Compiler verdicts of a run in one message, where editing each card would take too long. */
  async verdicts(record: RunRecord, watcher: Watcher, cards: Card[], withdrawn: { card: Card; reason: string }[]): Promise<void> {
    await this.#options.outbox.put({
      team: record.team,
      key: messageKey(record.run, watcher, 'verdicts'),
      channel: watcher.channel,
      threadTs: watcher.threadTs,
      message: verdictsMessage(cards, withdrawn),
      after: messageKey(record.run, watcher, `card${cards.at(-1)?.rank ?? 1}`),
      priority: 1,
    })
  }

  /** A setting beside the mesh, with what the compiler and the replay say that it brings. */
  async setting(record: RunRecord, watcher: Watcher, suggestion: Diagnosis['suggestions'][number]): Promise<void> {
    await this.#options.outbox.put({
      team: record.team,
      key: messageKey(record.run, watcher, 'setting'),
      channel: watcher.channel,
      threadTs: watcher.threadTs,
      message: settingMessage(suggestion, record.title),
      priority: 1,
    })
  }

  /** No verdict follows any more: cards without one must not go on saying that they are being compiled. */
  async compilingEnded(record: RunRecord, cards?: Card[]): Promise<void> {
    const { deps, records } = this.#options
    await records.endCompiling(record.run)
    const diagnosis = await deps.memory.diagnosis(record.run)
    if (diagnosis === null) return
    const shown = { ...diagnosis, cards: cards ?? diagnosis.cards }
    for (const watcher of await records.watchers(record.run)) {
      for (const card of shown.cards.filter((one) => one.compiler === null))
        await this.card(record, watcher, { diagnosis: shown, card }, { priority: 1 })
    }
  }

  /** The root becomes the reason why there is no answer. */
  async fail(record: RunRecord, thrown: unknown): Promise<PromptsError> {
    const error = asPromptsError(thrown)
    const { records, outbox, deps } = this.#options
    deps.metrics.runEnded('failed', Math.max(0, (Date.now() - Date.parse(record.at)) / 1000))
    deps.log.error('a run failed', {
      ...{ run: record.run, team: record.team, by: record.by, experiment: record.title, end: 'failed' },
      id: error.id,
      code: error.code,
      message: error.message,
      cause: String(error.cause ?? ''),
    })
    await deps.memory
      .append(record.run, { kind: 'error', name: error.code, data: { id: error.id, message: error.message } })
      .catch(() => {})
    await records.recordFailure(record.run, { id: error.id, message: error.message, hint: error.hint })
    await records.close(record)
    await this.#everyWatcher(record, async (watcher) => {
      await this.#root(record, watcher, errorMessage(error, { about: record.title, run: record.run }), 0)
      if (watcher.askTs !== null)
        await outbox.react({ team: record.team, channel: watcher.channel, ts: watcher.askTs, name: eyes, add: false })
    })
    await this.#freeProgressSlot(record)
    return error
  }

  async cancelled(record: RunRecord, by: string | null): Promise<void> {
    const { records, outbox } = this.#options
    await records.close(record)
    await this.#everyWatcher(record, async (watcher) => {
      await this.#root(record, watcher, cancelledMessage({ run: record.run, title: record.title, by }), 0)
      if (watcher.askTs !== null)
        await outbox.react({ team: record.team, channel: watcher.channel, ts: watcher.askTs, name: eyes, add: false })
    })
    await this.#freeProgressSlot(record)
  }

  /** One thread waits no longer; the run goes on for the others. */
  async leftOut(record: RunRecord, watcher: Watcher, input: { by: string; others: number }): Promise<void> {
    await this.#root(record, watcher, cancelledMessage({ run: record.run, title: record.title, ...input }), 0)
    if (watcher.askTs !== null)
      await this.#options.outbox.react({ team: record.team, channel: watcher.channel, ts: watcher.askTs, name: eyes, add: false })
  }

  /** Once for each thread, those that join meanwhile too. */
  async #everyWatcher(record: RunRecord, tell: (watcher: Watcher) => Promise<void>): Promise<void> {
    const { records } = this.#options
    const told = new Set<string>()
    for (let round = 0; round < 2; round += 1) {
      for (const watcher of await records.watchers(record.run)) {
        const name = `${watcher.channel}/${watcher.threadTs}`
        if (told.has(name)) continue
        told.add(name)
        await tell(watcher)
      }
      if (round === 0) await records.markDelivered(record.run)
    }
    // from here on the messages are the outbox's to bring
    await this.#options.deps.memory.settle(record.run)
  }

  async #root(record: RunRecord, watcher: Watcher, message: ReturnType<typeof planMessage>, priority: 0 | 1 | 2): Promise<void> {
    await this.#options.outbox.put({
      team: record.team,
      key: messageKey(record.run, watcher, 'root'),
      channel: watcher.channel,
      threadTs: watcher.threadTs,
      message,
      priority,
      subject: { run: record.run, rank: null },
    })
  }

  /** Pages of the place that the experiment came from (an XProf server of the operator's), and what is to be asked of the run. */
  async #asides(run: string): Promise<{ pages: Page[]; questions: OpenQuestion[] }> {
    const stage = (await this.#options.deps.memory.stageResult(run, 'experiment')) as { value?: unknown } | null
    const parsed = experimentStageSchema.safeParse(stage?.value)
    return parsed.success ? { pages: parsed.data.links, questions: parsed.data.questions } : { pages: [], questions: [] }
  }

  async #takeProgressSlot(record: RunRecord): Promise<boolean> {
    const { state, config } = this.#options.deps
    const ttlMs = (config.PROMPTS_RUN_DEADLINE_SECONDS + 60) * 1000
    if ((await this.#slotOf(record.run)) !== null) return true
    for (let slot = 0; slot < progressRoots; slot += 1) {
      if (!(await state.claim(keys.progressPlace(record.team, slot), ttlMs))) continue
      await state.set(ofRun.progressSlot(record.run), `${slot}`, ttlMs)
      return true
    }
    return false
  }

  async #freeProgressSlot(record: RunRecord): Promise<void> {
    const slot = await this.#slotOf(record.run)
    if (slot === null) return
    await this.#options.deps.state.release(keys.progressPlace(record.team, slot))
    await this.#options.deps.state.delete(ofRun.progressSlot(record.run))
  }

  async #slotOf(run: string): Promise<string | null> {
    return this.#options.deps.state.get(ofRun.progressSlot(run))
  }
}

/** The message that a card follows in its thread. */
function before(diagnosis: Diagnosis, card: Card): MessagePart {
  const ranks = diagnosis.cards.map((one) => one.rank).filter((rank) => rank < card.rank)
  return ranks.length === 0 ? 'root' : `card${Math.max(...ranks) as Card['rank']}`
}
