import thresholds from '../../knowledge/bottleneck.json' with { type: 'json' }
import { percent } from './bottleneck.ts'
import type { CoreReading } from './core-reading.ts'
import type { Findings } from './findings.ts'
import type { TraceFigures } from './kpis.ts'
import { collectiveFacts } from './op-shapes.ts'
import type { OpTable } from './op-table.ts'
import type { SpaceReading } from './read-space.ts'
import { timeCategory } from './time-category.ts'

export interface NotedReport {
  spaces: readonly SpaceReading[]
  main: readonly CoreReading[]
  cores: readonly CoreReading[]
  findings: Findings
  table: OpTable
  outsideMs: number | null
  trace: TraceFigures
  devicesNamed: number | null
  devices: number
}

/** What a reader of the report must know beside its figures. */
export function notesOf(report: NotedReport): string[] {
  const { spaces, main, table, findings } = report
  const said = [...messages(spaces)]
  if (main.length === 0) return [noDevices(spaces), ...said]
  const notes: string[] = []
  if (table.rows.length === 0)
    notes.push('The TPU planes hold no ops: duty cycle, op times and roofline are missing. Profile while steps run.')
  notes.push(...hostNotes(report), ...outsideNotes(report))
  notes.push(...new Set(main.flatMap((core) => core.notes)))
  notes.push(...hostCopyNotes(report), ...kernelNotes(report), ...peakNotes(report), ...missingNotes(report))
  if (findings.quality.stretched) notes.push(stretchedNote(main))
  notes.push(...sparseNotes(report.cores), ...counterNotes(report.cores))
  return [...notes, ...said]
}

function noDevices(spaces: readonly SpaceReading[]): string {
  const kinds = [...new Set(spaces.flatMap((space) => space.otherDevices.map((each) => each.name)))]
  if (kinds.length > 0)
    return `This profile is from ${kinds.join(' and ')} devices, not from a TPU: it has no TPU plane, so every TPU figure is missing.`
  const named = spaces.flatMap((space) => space.chipsNamed ?? [])[0]
  if (named)
    return `No device trace: the host says that it has ${named} chips, but nothing of them was recorded, so every TPU figure is missing. Profile again while steps run, with the device tracer on.`
  return 'This profile is from a CPU: it has no device plane, so every TPU figure is missing. Profile the job on TPUs.'
}

/** What the profiler itself recorded, as it said it. */
function messages(spaces: readonly SpaceReading[]): string[] {
  const errors = new Set(spaces.flatMap((space) => space.errors))
  const warnings = new Set(spaces.flatMap((space) => space.warnings))
  return [
    ...[...errors].slice(0, 10).map((error) => `The profiler recorded an error: ${error.slice(0, 300)}`),
    ...[...warnings].slice(0, 10).map((warning) => `The profiler warns: ${warning.slice(0, 300)}`),
  ]
}

function hostNotes({ spaces, devicesNamed, devices }: NotedReport): string[] {
  const notes: string[] = []
  const without = spaces.filter((space) => space.cores.length === 0).map((space) => space.host)
  if (without.length > 0)
    notes.push(
      `No device data from ${without.slice(0, 8).join(', ')}: what ${without.length === 1 ? 'it' : 'they'} waited for is not seen, and the confidence is lower.`,
    )
  if (devicesNamed !== null && devicesNamed > devices)
    notes.push(`The programs run on ${devicesNamed} devices; this profile has ${devices}: a straggler among the others would not be seen.`)
  return notes
}

function outsideNotes({ outsideMs, trace, findings, main }: NotedReport): string[] {
  const notes: string[] = []
  const spanMs = Math.max(0, ...main.map((core) => core.totalPs)) / 1e9
  if (outsideMs !== null && outsideMs > spanMs * 0.02)
    notes.push(
      `${time(outsideMs)} of the ${time(spanMs)} traced lie outside the steps (set-up, compilation, evaluation, tracing): they are in no share and no class.`,
    )
  if (findings.steps.total === 0 && notes.length > 0) {
    notes.push(
      'Without step markers duty cycle, roofline and HBM bandwidth are of all that was traced, as XProf gives them; class and shares are not.',
    )
    return notes
  }
  const { duty_cycle: duty, roofline_efficiency: roof, hbm_bandwidth_utilization: hbm } = findings.kpis
  const differs = (ours: number | null, theirs: number | null): boolean =>
    ours !== null && theirs !== null && Math.abs(ours - theirs) > 0.01 * Math.abs(theirs)
  if (differs(duty, trace.duty_cycle) || differs(roof, trace.roofline) || differs(hbm, trace.hbm))
    notes.push(
      `Over all that was traced, as XProf counts: duty cycle ${trace.duty_cycle === null ? 'unknown' : percent(trace.duty_cycle)}, roofline ${percent(trace.roofline)}, HBM bandwidth ${percent(trace.hbm)}.`,
    )
  return notes
}

/** Copies to and from host memory go over the host's link: how fast, as far as their shapes tell. */
function hostCopyNotes({ table }: NotedReport): string[] {
  const copies = table.rows
    .filter((row) => row.kind.role === 'host-transfer' && row.count > 0 && row.selfPs > table.totalPs * 0.02)
    .sort((a, b) => b.selfPs - a.selfPs)
    .slice(0, 3)
  return copies.flatMap(({ facts, selfPs, count }) => {
    const { bytes } = collectiveFacts(facts.expression)
    if (bytes === null) return []
    const gbps = bytes / (selfPs / count / 1e3)
    return [
      `${facts.name} moves ${(bytes / 1e9).toFixed(2)} GB to or from host memory and is waited for ${time(selfPs / count / 1e9)}: ${gbps.toFixed(1)} GB/s if nothing of it is hidden. The host's link (PCIe) holds it back, not HBM.`,
    ]
  })
}

/** Opaque kernels make FLOPs and bytes, and what follows from them, lower bounds. */
function kernelNotes({ table, findings }: NotedReport): string[] {
  const notes: string[] = []
  const { kpis } = findings
  const opaque = table.rows.reduce((sum, row) => sum + (timeCategory(row) === 'kernel' && !row.flops ? row.selfPs : 0), 0)
  const share = table.totalPs > 0 ? opaque / table.totalPs : 0
  if (share >= 0.02)
    notes.push(
      `MFU, roofline and HBM bandwidth are lower bounds: ${percent(share)} of the step is in custom kernels of unknown FLOPs${kpis.mfu !== null && kpis.mxu_utilization !== null && kpis.mxu_utilization > kpis.mfu * 1.2 ? ` (MFU ${percent(kpis.mfu)} beside MXU ${percent(kpis.mxu_utilization)})` : ''}.`,
    )
  const derived = table.rows.filter((row) => row.facts.category === 'custom-call' && row.flops > 0).length
  if (derived > 0)
    notes.push(
      `FLOPs of ${derived === 1 ? 'a custom kernel are' : `${derived} custom kernels are`} from what its events state or its shapes.`,
    )
  if (kpis.mxu_utilization === null)
    notes.push(
      'MXU utilization is not in the profile: it comes from hardware counters, and a counter of 0% while products run was not read.',
    )
  if (kpis.peak_hbm_gib === null) notes.push('Peak HBM is not in the profile: it has no memory events.')
  return notes
}

function peakNotes({ main, table }: NotedReport): string[] {
  const notes: string[] = []
  const hardware = main[0]?.hardware
  if (hardware?.fromKnowledge) notes.push(`The peaks are not in the profile: those published for ${main[0]?.deviceType} are used.`)
  if (hardware?.peakTflops === null && table.rows.some((row) => row.flops > 0))
    notes.push(
      `The peaks of ${main[0]?.deviceType ?? 'this chip'} are neither in the profile nor known: utilizations are missing, though ops state their FLOPs and bytes.`,
    )
  const narrow = table.rows.filter((row) => row.kind.narrow !== null && row.flops > 0)
  for (const type of new Set(narrow.map((row) => row.kind.narrow))) {
    const scale = type === null ? null : (hardware?.[type] ?? null)
    notes.push(
      scale === null
        ? `${type} products run: the stated peak is for bf16 and does not apply to them.`
        : `${type} products are measured against their own peak, ${Number(scale.toPrecision(3))} times the stated one.`,
    )
  }
  const peak = hardware?.peakTflops ?? null
  const above = table.rows.find((row) => peak !== null && row.timePs > 0 && row.peakFlops / row.timePs > peak * 1.02)
  if (above)
    notes.push(`${above.facts.name} runs above the stated peak: the peak is for another element type, or its FLOPs are overstated.`)
  return notes
}

function missingNotes({ findings, main }: NotedReport): string[] {
  const notes: string[] = []
  const { quality } = findings
  if (quality.missing >= 0.02)
    notes.push(
      `The profile is incomplete: about ${percent(quality.missing)} of op executions are missing, so idle time is overstated and the confidence lower.`,
    )
  if (quality.missingSteps > 0)
    notes.push(`The profile skips step numbers: ${percent(quality.missingSteps)} of its steps are missing, and what ran in them.`)
  if (quality.unknownOps >= 0.2 && main[0]?.hardware.peakTflops !== null)
    notes.push(`${percent(quality.unknownOps)} of op time has neither flops nor bytes (custom kernels, or stats that are missing).`)
  return notes
}

function stretchedNote(main: readonly CoreReading[]): string {
  const count = main.reduce((sum, core) => sum + core.shortGaps.count, 0)
  const totalPs = main.reduce((sum, core) => sum + core.shortGaps.totalPs, 0)
  const windowPs = main.reduce((sum, core) => sum + core.windowPs, 0)
  return `${percent(totalPs / windowPs)} of the steps is gaps of ${(totalPs / count / 1e6).toFixed(1)} µs between ops: the tracer itself may stretch them. Compare the step time with that of a run without it.`
}

function sparseNotes(cores: readonly CoreReading[]): string[] {
  const sparse = cores.filter((core) => core.sparse)
  if (sparse.length === 0) return []
  const longest = Math.max(0, ...sparse.flatMap((core) => core.programs.map((program) => program.longestPs)))
  const times = new Map<string, number>()
  for (const core of sparse)
    for (const work of core.work) times.set(work.facts.name, (times.get(work.facts.name) ?? 0) + work.spans.total() / sparse.length)
  const most = [...times].sort((a, b) => b[1] - a[1]).slice(0, 5)
  return [
    `${sparse.length} SparseCores took part${longest > 0 ? `; their longest execution took ${(longest / 1e9).toFixed(2)} ms` : ''}${most.length > 0 ? `; their ops: ${most.map(([name, ps]) => `${name} ${time(ps / 1e9)}`).join(', ')} on each` : ''}.`,
  ]
}

function counterNotes(cores: readonly CoreReading[]): string[] {
  const means = new Map<string, number[]>()
  for (const core of cores) for (const [name, value] of core.counters) means.set(name, [...(means.get(name) ?? []), value])
  if (means.size === 0) return []
  const words = [...means]
    .slice(0, 8)
    .map(([name, values]) => `${name} ${Number((values.reduce((a, b) => a + b, 0) / values.length).toPrecision(3))}`)
  return [`Hardware counters, means: ${words.join(', ')}.`]
}

/** 990 ms, 10.2 s. */
export function time(ms: number): string {
  return ms >= 1000 ? `${Number((ms / 1000).toPrecision(3))} s` : `${Number(ms.toPrecision(3))} ms`
}

/** More than one step in so many short gaps is the tracer's doing, or the dispatch of op after op. */
export function isStretched(main: readonly CoreReading[]): boolean {
  const windowPs = main.reduce((sum, core) => sum + core.windowPs, 0)
  const gaps = main.reduce((sum, core) => sum + core.shortGaps.totalPs, 0)
  return windowPs > 0 && gaps / windowPs >= thresholds.tracer.min_gap_share
}
