import type { Kpis } from '../contract/profile-report.ts'
import type { CoreReading, Hardware } from './core-reading.ts'
import { Intervals } from './intervals.ts'
import type { OpTable } from './op-table.ts'
import type { HostReading } from './read-host.ts'
import { programWork, utilization } from './roofline.ts'
import type { StepSummary } from './steps.ts'

/** Below this part of the peak FLOP rate an MXU counter of exactly zero is believed; above it, it was not read. */
const idleMxu = 0.005

/** The report's figures, each as XProf defines it; null where the profile does not say. */
export function kpis(input: {
  cores: readonly CoreReading[]
  hosts: readonly HostReading[]
  table: OpTable
  hardware: Hardware
  steps: StepSummary
  intervals: number
}): Kpis {
  const { cores, hosts, table, hardware } = input
  const program = utilization(programWork(table), hardware)
  const windowPs = sum(cores, (core) => (core.sparse ? 0 : core.windowPs))
  const hasOps = table.rows.length > 0
  const counters = hosts.flatMap((host) => (host.mxuUtilization === null ? [] : [host.mxuUtilization]))
  const mxu = counters.length > 0 ? counters.reduce((a, b) => a + b, 0) / counters.length : null
  const peakBytes = Math.max(0, ...hosts.flatMap((host) => [...host.peakBytes.values()]))
  const most = Math.max(program.compute, program.hbm, program.vmem, program.cmem)
  return {
    step_time_ms: input.steps.medianMs,
    duty_cycle: dutyCycle(cores, input.intervals),
    mxu_utilization: mxu === 0 && program.compute > idleMxu ? null : mxu,
    hbm_bandwidth_utilization: hasOps && hardware.peakHbmGbps !== null ? program.hbm : null,
    communication_share: windowPs > 0 && hasOps ? sum(cores, (core) => (core.sparse ? 0 : core.occupiedPs)) / windowPs : null,
    exposed_communication_share: windowPs > 0 && hasOps ? sum(cores, (core) => (core.sparse ? 0 : core.exposedPs)) / windowPs : null,
    roofline_efficiency: hasOps && most > 0 ? most : null,
    peak_hbm_gib: peakBytes > 0 ? peakBytes / 2 ** 30 : null,
    mfu: modelFlopUtilization(table, hardware),
  }
}

/** Time on duty over the span, summed over chips; the cores of a chip (SparseCores too) are on duty together (xplane_to_op_stats.cc). */
function dutyCycle(cores: readonly CoreReading[], capacity: number): number | null {
  let active = 0
  let span = 0
  for (const chip of Map.groupBy(
    cores.filter((core) => core.dutyEndPs > core.dutyStartPs),
    (core) => `${core.host}#${core.chip ?? core.plane}`,
  ).values()) {
    const [only] = chip
    if (chip.length === 1 && only) active += only.duty.total()
    else {
      const joined = new Intervals(capacity)
      for (const core of chip) joined.addAll(core.duty)
      active += joined.total()
    }
    span += Math.max(...chip.map((core) => core.dutyEndPs)) - Math.min(...chip.map((core) => core.dutyStartPs))
  }
  // Ops that ran and no time on duty means it was not recorded, not that the chip was idle.
  return span > 0 && active > 0 ? active / span : null
}

/** Model FLOPs per second over the peak, recomputed activations left out. */
function modelFlopUtilization(table: OpTable, hardware: Hardware): number | null {
  if (hardware.peakTflops === null || table.totalPs === 0) return null
  let flops = 0
  for (const row of table.rows) if (row.kind.role !== 'container' && !row.kind.rematerialized) flops += row.modelFlops
  return flops > 0 ? flops / table.totalPs / hardware.peakTflops : null
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0)
}
