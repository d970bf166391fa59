import type { ProfileReport } from '../contract/profile-report.ts'
import { median } from '../numbers/statistics.ts'
import type { CoreReading } from './core-reading.ts'

/**
 * How much longer than the median one each host, and each device, works: its steps' time less what it waits in collectives and
 * barriers, where the others wait for it. Slowest first.
 */
export function skew(cores: readonly CoreReading[], count: number): ProfileReport['skew'] {
  const working = cores.filter((core) => !core.sparse && core.windowPs > 0)
  const manyHosts = new Set(working.map((core) => core.host)).size > 1
  const devices = slowdowns(working.map((core) => ({ name: manyHosts ? `${core.host} ${core.plane}` : core.plane, ps: ownPs(core) })))
  const hosts = manyHosts
    ? slowdowns(
        [...Map.groupBy(working, (core) => core.host)].map(([host, own]) => ({
          name: host,
          ps: own.reduce((sum, core) => sum + ownPs(core), 0) / own.length,
        })),
      )
    : []
  return [...hosts, ...devices].slice(0, count)
}

function ownPs(core: CoreReading): number {
  return core.windowPs - core.exposedPs - core.barrierPs
}

function slowdowns(each: { name: string; ps: number }[]): { device: string; slowdown: number }[] {
  const middle = lowMedian(each.map((one) => one.ps))
  if (middle === null || middle <= 0) return []
  return each.map(({ name, ps }) => ({ device: name, slowdown: ps / middle })).sort((a, b) => b.slowdown - a.slowdown)
}

/** Of two, the faster one: a straggler is not half of its own measure. */
function lowMedian(values: readonly number[]): number | null {
  return values.length === 2 ? Math.min(...values) : median(values)
}
