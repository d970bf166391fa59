import type { ProfileReport } from '../contract/profile-report.ts'
import type { LiveBuffer } from './allocation-log.ts'
import type { CoreReading } from './core-reading.ts'
import { pairName } from './op-kind.ts'
import { publishedChip } from './published-chip.ts'
import type { SpaceReading } from './read-space.ts'

/** What a page of a profile shows beside the report: too much for a message, and in no decision. */
export interface ProfileDetails {
  /** Each step on the slowest core, in order. */
  steps: { place: number; ms: number; partial: boolean; slow: boolean }[]
  /** When devices were on duty: fractions of equal parts of the trace, and where its steps begin and end (fractions of it). */
  timelines: { device: string; duty: number[]; steps: { from: number; to: number; slow: boolean }[] }[]
  traceMs: number
  memory: { capacityGib: number | null; device: number; peakGib: number; buffers: LiveBuffer[] } | null
  links: LinkRow[]
}

interface LinkRow {
  name: string
  kind: string
  between: 'chips' | 'slices'
  bytes: number | null
  group: number | null
  /** Axes of the mesh that the group spans; null where the mesh or the graph is not known. */
  axes: string | null
  count: number
  /** Mean time of one, start to end, milliseconds: waiting for late peers included. */
  ms: number
  /** What each device puts through its links meanwhile, GB/s, and the most that the links of one axis carry both ways. */
  gbps: number | null
  peakGbps: number | null
}

const parts = 240
const most = { timelines: 16, links: 30, steps: 2000 }

/** @param axes of collectives by name, from the compiled graphs */
export function profileDetails(spaces: readonly SpaceReading[], report: ProfileReport, axes: ReadonlyMap<string, string>): ProfileDetails {
  const main = spaces.flatMap((space) => space.cores).filter((core) => !core.sparse && core.dutyEndPs > core.dutyStartPs)
  return {
    steps: stepRows(main),
    timelines: main.slice(0, most.timelines).map(timelineOf),
    traceMs: main.reduce((longest, core) => Math.max(longest, core.dutyEndPs - core.dutyStartPs), 0) / 1e9,
    memory: memoryOf(spaces),
    links: linkRows(main, report, axes),
  }
}

function stepRows(main: readonly CoreReading[]): ProfileDetails['steps'] {
  const core = main.reduce<CoreReading | null>((best, each) => (each.steps.length > (best?.steps.length ?? 0) ? each : best), null)
  return (core?.steps ?? []).slice(0, most.steps).map(({ timePs, partial, slow }, place) => ({ place, ms: timePs / 1e9, partial, slow }))
}

function timelineOf(core: CoreReading): ProfileDetails['timelines'][number] {
  const { dutyStartPs: from, dutyEndPs: to } = core
  const length = (to - from) / parts
  const place = (ps: number): number => Math.min(1, Math.max(0, (ps - from) / (to - from)))
  return {
    device: `${core.host} ${core.plane}`,
    duty: Array.from({ length: parts }, (_, part) => core.duty.total(from + part * length, from + (part + 1) * length) / length),
    steps: core.steps
      .slice(0, most.steps)
      .map((step) => ({ from: place(step.startPs), to: place(step.startPs + step.timePs), slow: step.slow })),
  }
}

function memoryOf(spaces: readonly SpaceReading[]): ProfileDetails['memory'] {
  const hosts = spaces.flatMap((space) => space.hosts)
  const peaks = hosts.flatMap((host) => {
    const peak = host.allocations.atPeak()
    return peak === null ? [] : [{ ...peak, capacity: host.capacityBytes }]
  })
  const [fullest] = peaks.sort((a, b) => b.usedBytes - a.usedBytes)
  if (!fullest) return null
  return {
    capacityGib: fullest.capacity > 0 ? fullest.capacity / 2 ** 30 : null,
    device: fullest.device,
    peakGib: fullest.usedBytes / 2 ** 30,
    buffers: fullest.buffers,
  }
}

/** What a device sends of a payload (the whole array on a device), by the ring algorithm of each kind. */
const sent: Record<string, (members: number) => number> = {
  'all-gather': (n) => (n - 1) / n,
  'reduce-scatter': (n) => (n - 1) / n,
  'all-to-all': (n) => (n - 1) / n,
  'all-reduce': (n) => (2 * (n - 1)) / n,
  'collective-permute': () => 1,
  'send-recv': () => 1,
}

function linkRows(main: readonly CoreReading[], report: ProfileReport, axes: ReadonlyMap<string, string>): LinkRow[] {
  const chip = publishedChip(report.device.type)
  const sums = new Map<string, { kind: string; dcn: boolean; count: number; ps: number }>()
  for (const core of main) {
    for (const each of core.collectives) {
      const name = pairName(each.facts.name)
      const known = sums.get(name) ?? { kind: each.kind, dcn: each.dcn, count: 0, ps: 0 }
      sums.set(name, { ...known, count: known.count + each.count, ps: known.ps + each.flightPs })
    }
  }
  return report.collectives.slice(0, most.links).flatMap(({ name, kind, bytes, group_size: group }) => {
    const sum = sums.get(name)
    if (!sum || sum.count === 0) return []
    const ms = sum.ps / sum.count / 1e9
    const factor = group !== null && group > 1 ? sent[kind]?.(group) : sum.dcn ? 1 : undefined
    const gbps = bytes === null || factor === undefined || ms === 0 ? null : (bytes * factor) / ms / 1e6
    const ici = chip ? chip.ici_one_way_gbps_per_link * 2 : null
    const peakGbps = sum.dcn ? (chip?.dcn_gbps_per_chip ?? null) : ici
    return [
      {
        name, kind, between: sum.dcn ? 'slices' : 'chips', bytes, group, axes: axes.get(name) ?? null,
        count: sum.count, ms, gbps, peakGbps,
      } as const, // biome-ignore format: a table
    ]
  })
}
