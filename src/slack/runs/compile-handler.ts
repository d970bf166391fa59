import type { WithdrawnCard } from '../../agents/evaluator.ts'
import type { Card, Diagnosis } from '../../contract/diagnosis.ts'
import type { Job } from '../../jobs/job-queue.ts'
import type { CompileJob, SlackDeps } from '../deps.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { Delivery } from './delivery.ts'
import { messageKey, type RunRecord, type RunRecords, type Watcher } from './run-records.ts'

/** With more edits than this waiting, a run's verdicts come as one message. */
const busyEdits = 10

export interface CompileHandlerOptions {
  deps: SlackDeps
  outbox: Outbox
  records: RunRecords
  delivery: Delivery
  /** A card that someone adopted was withdrawn. */
  onWithdrawn: (record: RunRecord, withdrawn: { card: Card; reason: string; replacement: Card | null }) => Promise<void>
}

/** Asks the compiler about a run's cards and shows what it says: each card edited in place, or under load one message for all. */
export function createCompileHandler(options: CompileHandlerOptions): (job: Job<CompileJob>) => Promise<void> {
  const { deps, outbox, records, delivery } = options
  const handle = async (job: Job<CompileJob>): Promise<void> => {
    const record = await records.get(job.data.run)
    const diagnosis = await deps.memory.diagnosis(job.data.run)
    if (record === null || diagnosis === null) return
    const shown = new Map(diagnosis.cards.map((card) => [card.rank, JSON.stringify(card)]))
    const handled = new Set<string>()
    let last: { cards: Card[]; withdrawn: WithdrawnCard[] } = { cards: diagnosis.cards, withdrawn: [] }
    // cards whose verdict is told in the run's one message
    const told: { watcher: Watcher; rank: Card['rank'] }[] = []

    const onCard = async (cards: Card[], withdrawn: WithdrawnCard[]) => {
      last = { cards, withdrawn }
      for (const { card, reason } of withdrawn) {
        const name = `${card.rank} ${JSON.stringify(card.mesh)} ${JSON.stringify(card.dcn)}`
        if (handled.has(name)) continue
        handled.add(name)
        const replacement = cards.find((other) => other.rank === card.rank) ?? null
        await options.onWithdrawn(record, { card, reason, replacement })
      }
      for (const rank of [1, 2, 3] as const) {
        const card = cards.find((other) => other.rank === rank)
        const text = JSON.stringify(card ?? null)
        if (shown.get(rank) === text || (card === undefined && !shown.has(rank))) continue
        shown.set(rank, text)
        const gone = withdrawn.findLast((entry) => entry.card.rank === rank)
        for (const watcher of await records.watchers(record.run)) {
          // a card that is not posted yet just changes while it waits; one that is there needs an edit, of which there are few a
          // minute
          const isThere = (await outbox.sent(record.team, messageKey(record.run, watcher, `card${rank}`))) !== null
          if (isThere && gone === undefined && outbox.pressure(record.team, watcher.channel).edits >= busyEdits) {
            told.push({ watcher, rank })
            continue
          }
          if (card === undefined && gone !== undefined) await delivery.withdrawn(record, watcher, gone.card, gone.reason)
          if (card !== undefined) {
            const replaces = gone === undefined ? null : `Takes the place of a card that was withdrawn: ${gone.reason}`
            await delivery.card(record, watcher, { diagnosis: { ...diagnosis, cards }, card }, { priority: 1, replaces })
          }
        }
      }
    }

    const onSetting = async (suggestion: Diagnosis['suggestions'][number]) => {
      for (const watcher of await records.watchers(record.run)) await delivery.setting(record, watcher, suggestion)
    }

    const started = performance.now()
    const seconds = () => (performance.now() - started) / 1000
    try {
      await deps.diagnose.compileCards(job.data.run, { onCard, onSetting, signal: job.signal })
      deps.metrics.compiled(seconds(), true)
    } catch (error) {
      deps.metrics.compiled(seconds(), false)
      throw error
    }
    await delivery.compilingEnded(record, last.cards)
    const threads = new Map(told.map(({ watcher }) => [`${watcher.channel}/${watcher.threadTs}`, watcher]))
    for (const watcher of threads.values()) await delivery.verdicts(record, watcher, last.cards, last.withdrawn)
    // their cards are edited when there is nothing else to do
    for (const { watcher, rank } of told) {
      const card = last.cards.find((one) => one.rank === rank)
      if (card !== undefined)
        await delivery.card(record, watcher, { diagnosis: { ...diagnosis, cards: last.cards }, card }, { priority: 3 })
    }
  }
  return (job) => deps.traces.span('compile', { run: job.data.run, attempt: job.attempt }, () => handle(job), job.data.trace)
}

/** The compiler could not be asked, however often it was tried: its cards say so. */
export function createCompileFailureHandler({ records, delivery }: Pick<CompileHandlerOptions, 'records' | 'delivery'>) {
  return async (data: CompileJob): Promise<void> => {
    const record = await records.get(data.run)
    if (record !== null) await delivery.compilingEnded(record)
  }
}
