import activities from '../../knowledge/host-activities.json' with { type: 'json' }
import { AllocationLog } from './allocation-log.ts'
import { Intervals } from './intervals.ts'
import { makeSlots, readEvents } from './xspace/event-reader.ts'
import { readEventNames } from './xspace/metadata.ts'
import type { PlaneIndex } from './xspace/space-index.ts'
import type { Window } from './xspace/window.ts'

/** What a host's own plane says that matters to the devices. */
export interface HostReading {
  /** Of the MXU, fraction of 1, as the counters gave it; 0 where they were not read. */
  mxuUtilization: number | null
  hbmUtilization: number | null
  /** Most bytes reserved and allocated at once, by device. */
  peakBytes: Map<number, number>
  capacityBytes: number
  /** What was allocated and let go, in the order that it was recorded. */
  allocations: AllocationLog
  /** When a thread was at it, joined over threads, by activity; picoseconds on the same clock as the devices. */
  activities: Map<string, Intervals>
  /** Its threads or events are of Pathways, whose one client drives the devices of many workers. */
  pathways: boolean
}

const pathways = /\bpathways|ifrt[-_ ]?proxy/i

const slotNames = [
  'index_on_host', 'device_ordinal', 'bytes_reserved', 'bytes_allocated', 'bytes_available', 'addr', 'allocation_bytes', 'tf_op', 'shape',
] as const // biome-ignore format: a table
const patterns = Object.entries(activities)
  .filter((entry): entry is [string, string[]] => Array.isArray(entry[1]))
  .map(([name, list]) => ({ name, test: new RegExp(list.join('|')) }))

/** Reads a host's threads: memory events and the activities that keep devices waiting. Other events are stepped over. */
export async function readHost(window: Window, plane: PlaneIndex, options: { baseNs: bigint; intervals: number }): Promise<HostReading> {
  const percent = (name: string): number | null => {
    const value = plane.stats.get(name)
    return typeof value === 'number' && value >= 0 && value <= 100 ? value / 100 : null
  }
  const host: HostReading = {
    mxuUtilization: percent('matrix_unit_utilization_percent'),
    hbmUtilization: percent('hbm_utilization_percent'),
    peakBytes: new Map(),
    capacityBytes: 0,
    allocations: new AllocationLog(plane.statNames),
    activities: new Map(),
    pathways: plane.lines.some((line) => pathways.test(line.name)),
  }
  const memory = new Map<number, 'allocates' | 'frees'>()
  const activityOf = new Map<number, Intervals>()
  for (const [id, name] of await readEventNames(window, plane)) {
    if (name === 'MemoryAllocation') memory.set(id, 'allocates')
    else if (name === 'MemoryDeallocation') memory.set(id, 'frees')
    if (!host.pathways && pathways.test(name)) host.pathways = true
    const activity = patterns.find((pattern) => pattern.test.test(name))
    if (!activity) continue
    const known = host.activities.get(activity.name) ?? new Intervals(options.intervals)
    host.activities.set(activity.name, known)
    activityOf.set(id, known)
  }
  const wants = new Set([...memory.keys(), ...activityOf.keys()])
  if (wants.size === 0) return host
  const slots = makeSlots(slotNames, plane.statNames)
  for (const line of plane.lines) {
    const base = Number(line.timestampNs - options.baseNs) * 1000
    await readEvents(window, line, {
      ...{ slots, wants },
      visit(event) {
        const change = memory.get(event.metadataId)
        if (change !== undefined) addMemory(host, slots.values, event.present, { change, atPs: base + event.offsetPs })
        else activityOf.get(event.metadataId)?.add(base + event.offsetPs, base + event.offsetPs + event.durationPs)
      },
    })
  }
  return host
}

function addMemory(host: HostReading, values: Float64Array, present: number, event: { change: 'allocates' | 'frees'; atPs: number }): void {
  const [index, ordinal, reserved, allocated, available] = values as unknown as [number, number, number, number, number]
  if ((present & 3) === 0 || (present & 8) === 0) return
  const device = (present & 1) !== 0 ? index : ordinal
  const used = ((present & 4) !== 0 ? reserved : 0) + allocated
  if (used > (host.peakBytes.get(device) ?? 0)) host.peakBytes.set(device, used)
  host.allocations.add(values, present, { ...event, device, used })
  if ((present & 16) !== 0) host.capacityBytes = Math.max(host.capacityBytes, used + available)
}
