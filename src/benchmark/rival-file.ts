import { writeFileSync } from 'node:fs'
import { z } from 'zod'
import { meshSchema } from '../contract/mesh.ts'
import { samePlaced } from '../contract/placed.ts'
import { tunerNames } from '../tuners/tuner-process.ts'
import type { JudgedRegime } from './judge-regime.ts'
import { readJsonLines } from './read-json-lines.ts'
import type { TableRow, TruthTable } from './truth-table.ts'

/**
 * In which order a tuner tried a table's rows, from nothing or from our cards. It holds for the table as it was recorded then.
 */
const proposalsSchema = z.strictObject({
  regime: z.string(),
  table: z.string(),
  tuner: z.enum(tunerNames),
  start: z.enum(['nothing', 'cards']),
  seed: z.int(),
  order: z.array(z.strictObject({ mesh: meshSchema, dcn: meshSchema })),
  versions: z.record(z.string(), z.string()),
})
export type Proposals = z.infer<typeof proposalsSchema>

export function readProposals(path: string): Proposals[] {
  return readJsonLines(path, proposalsSchema, 'prompts bench rivals')
}

export function writeProposals(path: string, all: readonly Proposals[]): void {
  writeFileSync(path, all.map((one) => `${JSON.stringify(one)}\n`).join(''))
}

export function sameStudy(a: Omit<Proposals, 'order' | 'versions'>, b: Omit<Proposals, 'order' | 'versions'>): boolean {
  return a.regime === b.regime && a.table === b.table && a.tuner === b.tuner && a.start === b.start && a.seed === b.seed
}

/**
 * Whether what a tuner did still tells of our advice: a study from nothing does while its table stands, one from our cards while
 * the cards that are in the table are those it began with.
 */
export function holdsFor({ start, table, order }: Proposals, { table: now, cards }: JudgedRegime): boolean {
  if (table !== now.digest) return false
  const first = firstRows(cards)
  return start === 'nothing' || first.every((row, at) => order[at] !== undefined && samePlaced(row, order[at]))
}

/** The cards that a table has, which a tuner begins with. */
export function firstRows(cards: JudgedRegime['cards']): TableRow[] {
  return cards.flatMap(({ row }) => row ?? [])
}

/** The rows in the order of recorded proposals, what the tuner never proposed last. */
export function rowsOf(table: TruthTable, { order }: Proposals): TableRow[] {
  const proposed = order.flatMap((placed) => table.rows.find((row) => samePlaced(row, placed)) ?? [])
  return [...proposed, ...table.rows.filter((row) => !proposed.includes(row))]
}
