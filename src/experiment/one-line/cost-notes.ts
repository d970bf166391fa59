import type { Workload } from '../../planner/workload.ts'

/** What dollars rest on: prices with their date, and the time that is paid for without progress. */
export function costNotes(workloads: readonly Pick<Workload, 'slice' | 'chip'>[]): string[] {
  const chipsShown = new Map(workloads.map(({ slice, chip }) => [slice.chip, chip]))
  const prices = [...chipsShown].map(
    ([name, { usd_per_chip_hour: usd, price_as_of: date }]) => `${name} $${usd.toFixed(2)}${date === null ? ' (set)' : ''}`,
  )
  const listed = [...chipsShown.values()].find(({ price_as_of: date }) => date !== null)
  const since = listed === undefined ? '' : `, on-demand list prices of ${listed.price_as_of}`
  const goodput = workloads[0]?.chip.goodput ?? 1
  return [
    `a chip-hour costs ${prices.join(', ')}${since}`,
    goodput === 1
      ? 'goodput 100%: no time for restarts and checkpoints is paid for ("goodput 90%" for another)'
      : `goodput ${Number((goodput * 100).toPrecision(4))}%: the rest of the time that is paid for goes to restarts and checkpoints`,
  ]
}
