import { readFileSync, writeFileSync } from 'node:fs'
import { type TimeKind, timeKindOf } from '../../src/planner/time-errors.ts'
import { groupBy } from '../../test/support/measured/statistics.ts'
import { type CheckedRange, type HeldBack, rangeOf } from './cross-validate.ts'

/** The rows of one kind, and the range of their held-back errors. */
export interface KindRange {
  kind: TimeKind
  rows: HeldBack[]
  models: number
  range: CheckedRange
}

/**
 * Models that a kind must have for a range of its own; with fewer, its rows are judged with those of the kinds that are not
 * dense.
 */
const fewestModels = 8

/** 90% ranges by kind of job, each checked on models that it was built without. */
export function rangesByKind(held: readonly HeldBack[]): KindRange[] {
  const groups = groupBy(held, ({ row }) => timeKindOf(row.workload))
  const logged = (rows: readonly HeldBack[]) => rows.map(({ row, log }) => ({ model: row.model, log }))
  const others = rangeOf(logged(held.filter(({ row }) => timeKindOf(row.workload) !== 'dense')))
  return [...groups].map(([kind, rows]) => {
    const models = new Set(rows.map(({ row }) => row.model)).size
    return { kind: kind as TimeKind, rows, models, range: models >= fewestModels ? rangeOf(logged(rows)) : others }
  })
}

/** Writes the ranges to knowledge/time-errors.json; kinds without measured rows keep theirs. */
export function writeTimeErrors(
  kinds: readonly { kind: TimeKind; rows: readonly { row: { chip: string } }[]; range: Pick<CheckedRange, 'low' | 'high'> }[],
): void {
  const path = 'knowledge/time-errors.json'
  const json = JSON.parse(readFileSync(path, 'utf8')) as { errors: Record<string, unknown> }
  for (const { kind, rows, range } of kinds) {
    const chips = [...new Set(rows.map(({ row }) => row.chip))].sort()
    json.errors[kind] = { rows: rows.length, chips, low: Number(range.low.toPrecision(3)), high: Number(range.high.toPrecision(3)) }
  }
  const lines = Object.entries(json.errors).map(([kind, error]) => `    ${JSON.stringify(kind)}: ${JSON.stringify(error)}`)
  const { about } = json as unknown as { about: string }
  writeFileSync(path, `{\n  "about": ${JSON.stringify(about)},\n  "errors": {\n${lines.join(',\n')}\n  }\n}\n`)
}
