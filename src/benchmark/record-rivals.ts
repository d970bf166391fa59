import type { TunerName, TunerProcess } from '../tuners/tuner-process.ts'
import type { JudgedRegime } from './judge-regime.ts'
import { firstRows, holdsFor, type Proposals, readProposals, sameStudy, writeProposals } from './rival-file.ts'
import { tunedOrder } from './rivals/tuned-order.ts'
import { isSearchable } from './truth-table.ts'

export interface RecordRivalsOptions {
  judged: readonly JudgedRegime[]
  path: string
  tuner: TunerProcess
  /** Seeds of each tuner: Vizier takes seconds a proposal, Optuna none. */
  seeds: Readonly<Record<TunerName, number>>
  clock: () => number
  untilMs: number
  note: (text: string) => void
  signal: AbortSignal
}

/**
 * Lets the tuners search every table, from nothing and from our cards, and records what they proposed; resumable, a study a time.
 * What was recorded of a table, or from cards, that have changed since is dropped.
 */
export async function recordRivals(options: RecordRivalsOptions): Promise<number> {
  const { judged, path, tuner, clock, untilMs, note, signal } = options
  const tables = judged.filter(({ table }) => isSearchable(table))
  const all = readProposals(path).filter((one) => tables.some((judged) => judged.regime.id === one.regime && holdsFor(one, judged)))
  let added = 0
  for (const study of studiesOf(options)) {
    if (signal.aborted || clock() >= untilMs) break
    if (all.some((one) => sameStudy(one, study))) continue
    const one = tables.find(({ regime }) => regime.id === study.regime)
    if (one === undefined) continue
    const first = study.start === 'cards' ? firstRows(one.cards) : []
    const { order, versions } = await tunedOrder(tuner, study.tuner, { table: one.table, seed: study.seed, first })
    all.push({ ...study, order: order.map(({ mesh, dcn }) => ({ mesh, dcn })), versions })
    writeProposals(path, all)
    added++
    note(`${study.regime}: ${study.tuner} from ${study.start}, seed ${study.seed}`)
  }
  writeProposals(path, all)
  return added
}

/** Every study that is wanted, of the fast tuner first, seed by seed, so that what a shorter run leaves is balanced. */
function studiesOf({ judged, seeds }: RecordRivalsOptions): Omit<Proposals, 'order' | 'versions'>[] {
  const tables = judged.filter(({ table }) => isSearchable(table))
  return (['optuna', 'vizier'] as const).flatMap((tuner) =>
    Array.from({ length: seeds[tuner] }, (_, seed) => seed).flatMap((seed) =>
      tables.flatMap(({ regime, table }) =>
        (['nothing', 'cards'] as const).map((start) => ({ regime: regime.id, table: table.digest, tuner, start, seed })),
      ),
    ),
  )
}
