import { type Placed, samePlaced } from '../../contract/placed.ts'
import { randomNumbers, shuffled } from '../../numbers/random-numbers.ts'
import type { Workload } from '../../planner/workload.ts'
import type { Advice } from '../advice.ts'
import { pureFsdp } from '../pure-fsdp.ts'
import type { TableRow, TruthTable } from '../truth-table.ts'
import { rooflineSeconds } from './roofline.ts'
import { type Binding, templateMeshes } from './templates.ts'

/** Who searches a table without a tuner: each gives an order in which the rows are tried. */
export const plainRivals = ['prompts', 'fsdp', 'random', 'roofline', 'templates'] as const
export type PlainRival = (typeof plainRivals)[number]

export interface Subject {
  table: TruthTable
  workload: Workload
  advice: Pick<Advice, 'ranked' | 'cards'>
}

/**
 * The rows of a table in the order in which a rival tries them; what a rival does not order comes at random after what it does.
 */
export function orderOf(rival: PlainRival, subject: Subject, seed: number): TableRow[] {
  const { table } = subject
  const chance = shuffled(table.rows, randomNumbers(`${table.regime.id} ${seed}`))
  return distinct([...preferred(rival, subject).flatMap((placed) => table.rows.find((row) => samePlaced(row, placed)) ?? []), ...chance])
}

function preferred(rival: PlainRival, subject: Subject): readonly Placed[] {
  const { table, workload, advice } = subject
  switch (rival) {
    case 'prompts':
      return [...advice.cards, ...advice.ranked]
    case 'fsdp':
      return [pureFsdp(workload)]
    case 'roofline':
      return table.rows
        .map((row) => ({ row, seconds: rooflineSeconds(workload, row) }))
        .toSorted((a, b) => (a.seconds === b.seconds ? 0 : a.seconds - b.seconds))
        .map(({ row }) => row)
    case 'templates': {
      const start = table.regime.baseline ?? pureFsdp(workload)
      return templateMeshes(start, bindingOf(subject, start))
    }
    case 'random':
      return []
  }
}

/**
 * What binds the mesh that the templates start from, by the largest part of its predicted step: the paper's agent reads it from a
 * profile.
 */
function bindingOf({ advice }: Subject, start: Placed): Binding {
  const estimate = advice.ranked.find((verdict) => samePlaced(verdict, start))?.estimate
  if (estimate == null) return 'hbm'
  const parts: [Binding, number][] = [
    ['communication', estimate.exposed_communication_ms * 2],
    ['compute', estimate.compute_ms],
    ['hbm', estimate.hbm_ms],
  ]
  return parts.reduce((most, one) => (one[1] > most[1] ? one : most))[0]
}

function distinct(rows: readonly TableRow[]): TableRow[] {
  return [...new Set(rows)]
}
