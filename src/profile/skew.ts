import thresholds from '../../knowledge/bottleneck.json' with { type: 'json' }
import type { ProfileReport } from '../contract/profile-report.ts'
import type { CoreReading } from './core-reading.ts'
import { median } from './steps.ts'

/**
 * Who holds the others up. Steps of a synchronous job last the same everywhere; the slow device is the one that computes longest
 * (the others wait for it in collectives), so a device's slowdown is its computing time over the median device's. Slowest first.
 */
export function skew(cores: readonly CoreReading[], count: number): { skew: ProfileReport['skew']; notes: string[] } {
  const working = cores.filter((core) => !core.sparse && core.totalPs > 0)
  const manyHosts = new Set(working.map((core) => core.host)).size > 1
  const devices = slowdowns(working.map((core) => ({ name: manyHosts ? `${core.host} ${core.plane}` : core.plane, ps: computePs(core) })))
  const hosts = manyHosts
    ? slowdowns(
        [...Map.groupBy(working, (core) => core.host)].map(([host, own]) => ({
          name: host,
          ps: own.reduce((sum, core) => sum + computePs(core), 0) / own.length,
        })),
      )
    : []
  const notes: string[] = []
  const slowHost = hosts[0]
  const slow = devices[0]
  if (slowHost && slowHost.slowdown >= thresholds.straggler.slowdown)
    notes.push(
      `Host ${slowHost.device} computes ${slowHost.slowdown.toFixed(2)} times as long as the median host: a straggler the others wait for.`,
    )
  else if (slow && slow.slowdown >= thresholds.straggler.slowdown)
    notes.push(
      `Device ${slow.device} computes ${slow.slowdown.toFixed(2)} times as long as the median device: a straggler the others wait for.`,
    )
  return { skew: [...hosts, ...devices].slice(0, count), notes }
}

function computePs(core: CoreReading): number {
  return core.ops.reduce((sum, op) => sum + (op.kind.role === 'compute' ? op.selfPs : 0), 0)
}

function slowdowns(each: { name: string; ps: number }[]): { device: string; slowdown: number }[] {
  const middle = median(each.map((one) => one.ps))
  if (middle === null || middle === 0) return []
  return each.map(({ name, ps }) => ({ device: name, slowdown: ps / middle })).sort((a, b) => b.slowdown - a.slowdown)
}
