import { nearestCandidate, type Parameter, parametersOf, pointOf } from '../../tuners/study.ts'
import type { TunerName, TunerProcess } from '../../tuners/tuner-process.ts'
import type { TableRow, TruthTable } from '../truth-table.ts'

export interface TunedOrder {
  order: TableRow[]
  versions: Record<string, string>
}

/** How often a tuner may propose what was tried before, by the rows of the table, before it is done. */
const asksPerRow = 3

/**
 * A tuner's own order of a table's rows. What it proposes is taken for the nearest row, and a row that it proposes again costs
 * nothing: both are in its favour. It begins with `first`, which are trials like others.
 */
export async function tunedOrder(
  tuner: TunerProcess,
  name: TunerName,
  { table, seed, first }: { table: TruthTable; seed: number; first: readonly TableRow[] },
): Promise<TunedOrder> {
  const parameters = parametersOf(table.rows)
  const told = (row: TableRow) => ({ parameters: pointOf(row, parameters), value: row.stepMs })
  const versions = await tuner.begin({ tuner: name, seed, parameters, priors: [], trials: first.map(told) })
  const order = [...first]
  const most = asksPerRow * table.rows.length
  for (let asked = 0; asked < most && order.length < table.rows.length; asked++) {
    const row = await propose(tuner, table.rows, parameters)
    if (row === null) break
    await tuner.tell({ parameters: pointOf(row, parameters), value: row.stepMs })
    if (!order.includes(row)) order.push(row)
  }
  return { order, versions }
}

async function propose(tuner: TunerProcess, rows: readonly TableRow[], parameters: readonly Parameter[]): Promise<TableRow | null> {
  return nearestCandidate(await tuner.ask(), rows, parameters)
}
