import type { Kpis } from '../contract/profile-report.ts'
import type { CoreReading, Hardware } from './core-reading.ts'
import { Intervals } from './intervals.ts'
import type { OpTable } from './op-table.ts'
import { buildOpTable, peakScale } from './op-table.ts'
import type { HostReading } from './read-host.ts'
import { programWork, utilization } from './roofline.ts'
import { Windows } from './windows.ts'

/** Below this part of the peak FLOP rate an MXU counter of exactly zero is believed; above it, it was not read. */
const idleMxu = 0.005

export interface KpiInput {
  cores: readonly CoreReading[]
  hosts: readonly HostReading[]
  table: OpTable
  hardware: Hardware
  stepTimeMs: number | null
  /** XProf's figures, of all that was traced. */
  trace: TraceFigures
  /**
   * Steps are marked. Without markers duty cycle, roofline and HBM are XProf's: a server's replies cannot tell executions, and
   * must agree.
   */
  marked: boolean
  /** Of the time in ops, the part whose FLOPs and bytes are both unknown. */
  unknown: number
  intervals: number
}

/** The report's figures over the steps, each as XProf defines it over the trace; null where the profile does not say. */
export function kpis(input: KpiInput): Kpis {
  const { cores, hosts, table, hardware } = input
  const { trace, marked } = input
  const program = utilization(programWork(table), hardware)
  const windowPs = sum(cores, (core) => (core.sparse ? 0 : core.windowPs))
  const hasOps = table.rows.length > 0
  const mxu = cores.length === 0 ? null : mxuOf(cores, hosts)
  const peakBytes = Math.max(0, ...hosts.flatMap((host) => [...host.peakBytes.values()]))
  const most = Math.max(program.compute, program.hbm, program.vmem, program.cmem)
  return {
    step_time_ms: input.stepTimeMs,
    duty_cycle: marked ? dutyCycle(cores, input.intervals, 'steps') : trace.duty_cycle,
    mxu_utilization: mxu === 0 && (program.compute > idleMxu || input.unknown > idleMxu) ? null : mxu,
    hbm_bandwidth_utilization: hbmOf(marked ? program.hbm : trace.hbm, table, hardware),
    communication_share: windowPs > 0 && hasOps ? sum(cores, (core) => (core.sparse ? 0 : core.occupiedPs)) / windowPs : null,
    exposed_communication_share: windowPs > 0 && hasOps ? sum(cores, (core) => (core.sparse ? 0 : core.exposedPs)) / windowPs : null,
    roofline_efficiency: hasOps && most > 0 ? (marked ? most : trace.roofline) : null,
    peak_hbm_gib: peakBytes > 0 ? peakBytes / 2 ** 30 : null,
    mfu: modelFlopUtilization(table, hardware),
  }
}

export interface TraceFigures {
  duty_cycle: number | null
  roofline: number
  hbm: number
}

/** XProf's figures over all that was traced: what differs from ours where something lies outside the steps. */
export function traceFigures(cores: readonly CoreReading[], hardware: Hardware, intervals: number): TraceFigures {
  const program = utilization(programWork(buildOpTable(cores, 'trace')), hardware)
  return {
    duty_cycle: dutyCycle(cores, intervals, 'trace'),
    roofline: Math.max(program.compute, program.hbm, program.vmem, program.cmem),
    hbm: program.hbm,
  }
}

/** The host plane's counter; else the mean of what the cores' own planes sample. */
function mxuOf(cores: readonly CoreReading[], hosts: readonly HostReading[]): number | null {
  const stated = hosts.flatMap((host) => (host.mxuUtilization === null ? [] : [host.mxuUtilization]))
  const sampled = cores.flatMap((core) => [...core.counters].flatMap(([name, value]) => (/\bmxu|matrix.?unit/i.test(name) ? [value] : [])))
  const shares = sampled.filter((value) => value >= 0 && value <= 100).map((value) => value / 100)
  const all = stated.some((share) => share > 0) || shares.length === 0 ? stated : shares
  return all.length > 0 ? all.reduce((a, b) => a + b, 0) / all.length : null
}

/** Unknown is not zero: where no op says what it moves, there is no figure. */
function hbmOf(share: number, table: OpTable, hardware: Hardware): number | null {
  const stated = table.rows.some((row) => row.kind.role !== 'container' && row.facts.bytes !== null)
  return stated && hardware.peakHbmGbps !== null ? share : null
}

/**
 * Time on duty over the span, summed over chips; the cores of a chip (SparseCores too) are on duty together
 * (xplane_to_op_stats.cc).
 */
function dutyCycle(cores: readonly CoreReading[], capacity: number, over: 'steps' | 'trace'): number | null {
  let active = 0
  let span = 0
  for (const chip of Map.groupBy(
    cores.filter((core) => core.dutyEndPs > core.dutyStartPs),
    (core) => `${core.host}#${core.chip ?? core.plane}`,
  ).values()) {
    const windows = over === 'steps' ? windowsOf(chip) : traceOf(chip)
    if (windows === null) continue
    const [only] = chip
    if (chip.length === 1 && only) active += windows.covered(only.duty)
    else {
      const joined = new Intervals(capacity)
      for (const core of chip) joined.addAll(core.duty)
      active += windows.covered(joined)
    }
    span += windows.totalPs
  }
  // Ops that ran and no time on duty means it was not recorded, not that the chip was idle.
  return span > 0 && active > 0 ? Math.min(1, active / span) : null
}

function windowsOf(chip: readonly CoreReading[]): Windows | null {
  const own = chip.filter((core) => !core.sparse)
  return own.length === 0 ? null : new Windows(own.flatMap((core) => core.windows.spans.map((span) => ({ ...span }))))
}

function traceOf(chip: readonly CoreReading[]): Windows {
  return new Windows([{ from: Math.min(...chip.map((core) => core.dutyStartPs)), to: Math.max(...chip.map((core) => core.dutyEndPs)) }])
}

/** Model FLOPs per second over the peak of the type they multiply in, recomputed activations left out. */
function modelFlopUtilization(table: OpTable, hardware: Hardware): number | null {
  if (hardware.peakTflops === null || table.totalPs === 0) return null
  let flops = 0
  for (const row of table.rows)
    if (row.kind.role !== 'container' && !row.kind.rematerialized) flops += row.modelFlops / peakScale(row.kind, hardware)
  return flops > 0 ? flops / table.totalPs / hardware.peakTflops : null
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0)
}
