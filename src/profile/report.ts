import thresholds from '../../knowledge/bottleneck.json' with { type: 'json' }
import type { ProfileReport } from '../contract/profile-report.ts'
import type { NamedAxis } from '../hlo/mesh-axes.ts'
import { judge, percent } from './bottleneck.ts'
import { collectives } from './collectives.ts'
import { missingShare } from './completeness.ts'
import type { CoreReading, Hardware } from './core-reading.ts'
import type { Findings } from './findings.ts'
import { graphFindings } from './graph-findings.ts'
import { kpis } from './kpis.ts'
import type { ProfileLimits } from './limits.ts'
import type { OpTable } from './op-table.ts'
import { buildOpTable } from './op-table.ts'
import { boundShares, topOps } from './ops.ts'
import type { SpaceReading } from './read-space.ts'
import { roofline } from './roofline.ts'
import { skew } from './skew.ts'
import type { StepSummary } from './steps.ts'
import { summarizeSteps } from './steps.ts'
import type { ProgramGraph } from './xspace/program-graphs.ts'

const listed = { ops: 50, points: 30, collectives: 50, skew: 64 }
const noHardware: Hardware = {
  peakTflops: null,
  peakHbmGbps: null,
  peakVmemReadGbps: null,
  peakVmemWriteGbps: null,
  peakCmemReadGbps: null,
  peakCmemWriteGbps: null,
  megacore: false,
}

/** Puts the hosts' readings together into one report. `missingHosts`: files of the run that could not be read. */
export async function assemble(
  source: string,
  spaces: readonly SpaceReading[],
  options: { limits: ProfileLimits; missingHosts: number; notes: string[]; mesh: readonly NamedAxis[] | null },
): Promise<ProfileReport> {
  const cores = spaces.flatMap((space) => space.cores)
  const main = cores.filter((core) => !core.sparse)
  const hardware = main.find((core) => core.hardware.peakTflops !== null)?.hardware ?? main[0]?.hardware ?? noHardware
  const table = buildOpTable(cores)
  const steps = summarizeSteps(main)
  const hosts = spaces.flatMap((space) => space.hosts)
  const figures = kpis({ cores, hosts, table, hardware, steps, intervals: options.limits.intervals })
  const bounds = boundShares(table, hardware)
  const opsTop = topOps(table, hardware, listed.ops)
  const findings: Findings = {
    kpis: figures,
    shares: {
      idle: share(Math.max(0, table.totalPs - table.opPs), table),
      containers: roleShare(table, 'container'),
      infeed: roleShare(table, 'infeed'),
      hostTransfer: roleShare(table, 'host-transfer'),
      inFlight: figures.communication_share ?? 0,
      exposed: figures.exposed_communication_share ?? 0,
    },
    bounds,
    topOps: opsTop,
    roofline: roofline(table, hardware, listed.points),
    steps,
    quality: {
      missing: missingShare(main),
      missingSteps: steps.missing,
      unstated:
        table.opPs > 0 ? table.rows.reduce((sum, row) => sum + (row.kind.role === 'container' ? 0 : row.unstatedPs), 0) / table.opPs : 0,
      unknownOps: bounds.unknown,
      missingHosts: options.missingHosts / Math.max(1, options.missingHosts + spaces.length),
      noTimeline: false,
    },
    activities: activities(spaces, main),
  }
  const stragglers = skew(cores, listed.skew)
  const device = deviceOf(spaces, main)
  const graphs = await graphFindings(onePerProgram(spaces), {
    table,
    deviceType: device.type,
    mesh: options.mesh,
    maxBytes: options.limits.hloBytes,
  })
  return {
    source,
    device,
    kpis: figures,
    bottleneck: judge(findings),
    top_ops: opsTop,
    roofline: findings.roofline,
    collectives: collectives(cores, listed.collectives, graphs.collectives),
    anti_patterns: graphs.antiPatterns,
    skew: stragglers.skew,
    notes: [...options.notes, ...stragglers.notes, ...graphs.notes, ...notesOf(spaces, main, cores, findings, table)],
  }
}

/** Hosts of a job run the same programs: each graph is read once. */
function onePerProgram(spaces: readonly SpaceReading[]): ProgramGraph[] {
  const graphs = new Map<string, ProgramGraph>()
  for (const graph of spaces.flatMap((space) => space.graphs)) if (!graphs.has(graph.programId)) graphs.set(graph.programId, graph)
  return [...graphs.values()]
}

function share(ps: number, table: OpTable): number {
  return table.totalPs > 0 ? ps / table.totalPs : 0
}

function roleShare(table: OpTable, role: string): number {
  return share(
    table.rows.reduce((sum, row) => sum + (row.kind.role === role ? row.selfPs : 0), 0),
    table,
  )
}

/** v4 and v5p show two cores a chip as one JAX device (megacore); elsewhere a core is a device. */
function deviceOf(spaces: readonly SpaceReading[], main: readonly CoreReading[]): ProfileReport['device'] {
  const other = spaces.flatMap((space) => space.otherDevices)
  if (main.length === 0) {
    const [first] = other
    return { type: first ? first.type : 'CPU', devices: other.reduce((sum, each) => sum + each.count, 0), hosts: spaces.length }
  }
  const type = main.find((core) => core.deviceType !== null)?.deviceType ?? 'TPU'
  const joined =
    main.some((core) => core.hardware.megacore || core.ops.some((op) => op.facts.category === 'megacore fusion')) ||
    /v4|v5p|^TPU v5$/i.test(type)
  const devices = joined ? new Set(main.map((core) => `${core.host}#${core.chip ?? core.plane}`)).size : main.length
  return { type, devices, hosts: spaces.length }
}

function activities(spaces: readonly SpaceReading[], main: readonly CoreReading[]): { name: string; share: number }[] {
  const spanPs = Math.max(0, ...main.map((core) => core.dutyEndPs - core.dutyStartPs))
  if (spanPs === 0) return []
  const longest = new Map<string, number>()
  for (const host of spaces.flatMap((space) => space.hosts))
    for (const [name, ps] of host.activityPs) longest.set(name, Math.max(longest.get(name) ?? 0, ps))
  return [...longest].map(([name, ps]) => ({ name, share: Math.min(1, ps / spanPs) })).sort((a, b) => b.share - a.share)
}

function notesOf(
  spaces: readonly SpaceReading[],
  main: readonly CoreReading[],
  cores: readonly CoreReading[],
  findings: Findings,
  table: OpTable,
): string[] {
  const notes: string[] = []
  const other = spaces.flatMap((space) => space.otherDevices)
  if (main.length === 0) {
    const kinds = [...new Set(other.map((each) => each.name))]
    notes.push(
      kinds.length > 0
        ? `This profile is from ${kinds.join(' and ')} devices, not from a TPU: it has no TPU plane, so every TPU figure is missing.`
        : 'This profile is from a CPU: it has no device plane, so every TPU figure is missing. Profile the job on TPUs.',
    )
    return notes
  }
  if (table.rows.length === 0)
    notes.push('The TPU planes hold no ops: duty cycle, op times and roofline are missing. Profile while steps run.')
  notes.push(...stepNotes(findings.steps, main))
  notes.push(...new Set(main.flatMap((core) => core.notes)))
  const { kpis: figures, quality } = findings
  if (figures.mxu_utilization === null)
    notes.push('MXU utilization is not in the profile: it comes from hardware counters, which were not read.')
  if (figures.peak_hbm_gib === null) notes.push('Peak HBM is not in the profile: it has no memory events.')
  if (quality.missing >= 0.02)
    notes.push(
      `The profile is incomplete: about ${percent(quality.missing)} of op executions are missing, so idle time is overstated and the confidence lower.`,
    )
  if (quality.missingSteps > 0)
    notes.push(`The profile skips step numbers: ${percent(quality.missingSteps)} of its steps are missing, and what ran in them.`)
  if (quality.unknownOps >= 0.2)
    notes.push(`${percent(quality.unknownOps)} of op time has neither flops nor bytes (custom kernels, or stats that are missing).`)
  const sparse = cores.filter((core) => core.sparse)
  const longest = Math.max(0, ...sparse.flatMap((core) => [...core.modules.values()].map((runs) => runs.longestPs)))
  if (sparse.length > 0)
    notes.push(
      `${sparse.length} SparseCores took part${longest > 0 ? `; their longest execution took ${(longest / 1e9).toFixed(2)} ms` : ''}.`,
    )
  for (const error of new Set(spaces.flatMap((space) => space.errors))) notes.push(`The profiler recorded an error: ${error.slice(0, 300)}`)
  return notes
}

function stepNotes(steps: StepSummary, main: readonly CoreReading[]): string[] {
  if (steps.total === 0) {
    let most: { name: string; count: number; periodMs: number; totalPs: number } | undefined
    for (const core of main) {
      for (const [name, runs] of core.modules) {
        if (runs.count > 1 && (most === undefined || runs.totalPs > most.totalPs))
          most = {
            name,
            count: runs.count,
            totalPs: runs.totalPs,
            periodMs: (runs.lastStartPs - runs.firstStartPs) / 1e9 / (runs.count - 1),
          }
      }
    }
    return [
      `The profile has no step markers, so there is no step time.${most ? ` Its main program, ${most.name.replace(/\(\d+\)$/, '')}, ran ${most.count} times on a core, one every ${most.periodMs.toFixed(1)} ms.` : ''}`,
    ]
  }
  const notes: string[] = []
  if (steps.full < steps.total)
    notes.push(
      `${steps.total - steps.full} of ${steps.total} steps are partial and left out of the step time (XProf's average of all steps would be ${steps.meanMs?.toFixed(1)} ms).`,
    )
  if (steps.full < thresholds.steps.few) notes.push(`Only ${steps.full} full ${steps.full === 1 ? 'step was' : 'steps were'} recorded.`)
  if (steps.spread !== null && steps.spread >= thresholds.steps.noisy_spread)
    notes.push(`Steps vary by ${percent(steps.spread)} (standard deviation): a noisy profile.`)
  return notes
}
