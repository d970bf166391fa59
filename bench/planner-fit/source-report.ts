import { timeKindOf } from '../../src/planner/time-errors.ts'
import { groupBy, median, percent, quantile } from '../../test/support/measured/statistics.ts'
import type { FitRow } from '../../test/support/measured/time-rows.ts'
import { type HeldBack, relativeError } from './cross-validate.ts'

/**
 * Each source predicted by the others, as Markdown lines. A source is somebody's software on a chip, and its rows there share how
 * fast that runs: with what its other rows on the chip miss by taken off, as one measured step of a user's own takes it off, the
 * rest is the model's. `rows` are all that were fitted, `held` those predicted without their source.
 */
export function sourceReport(rows: readonly FitRow[], held: readonly HeldBack[]): string[] {
  const elsewhere = (one: HeldBack) => rows.some((row) => row.source !== one.row.source && kindOf(row) === kindOf(one.row))
  const line = (name: string, group: readonly HeldBack[]) => {
    const errors = group.map(({ log }) => relativeError(log))
    const left = group.map((one) => relativeError(one.log - sharedBy(one, held)))
    const signed = Math.exp(median(group.map(({ log }) => log))) - 1
    const figures = [median(errors), quantile(errors, 0.9), signed, median(left), quantile(left, 0.9)].map((value) => percent(value))
    return `| ${[name, group.length, ...figures].join(' | ')} |`
  }
  const known = held.filter(elsewhere)
  const alone = held.filter((one) => !known.includes(one))
  const experts = held.filter(({ row }) => row.workload.model.moeLayers > 0)
  const lines = [
    '## The same, each source predicted by constants that have not seen it',
    '',
    'A source is somebody’s software on a chip, and its rows share how fast that runs. The last two columns take off what the other rows of the same source and',
    'chip miss by, as one measured step of a user’s own does.',
    '',
    '| Rows | N | median error | 90th percentile | predicted too slow by (median) | the rest: median | 90th percentile |',
    '|---|---|---|---|---|---|---|',
    line('all', held),
    line('mixtures of experts', experts),
    line('chip and kind that another source measured too', known),
    line('chip and kind that this source alone measured', alone),
  ]
  for (const [source, group] of groupBy(held, ({ row }) => row.source)) {
    lines.push(line(source, group))
    for (const [kind, own] of groupBy(group, ({ row }) => kindOf(row))) lines.push(line(`${source}: ${kind}`, own))
  }
  return lines
}

function kindOf({ chip, workload }: FitRow): string {
  return `${chip}, ${timeKindOf(workload)}`
}

/** What the other rows of the row's source and chip miss by, as a logarithm; 0 where there is none. */
function sharedBy(one: HeldBack, held: readonly HeldBack[]): number {
  const { source, chip } = one.row
  const others = held.filter((other) => other !== one && other.row.source === source && other.row.chip === chip)
  return others.length === 0 ? 0 : median(others.map(({ log }) => log))
}
