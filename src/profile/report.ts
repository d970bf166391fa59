import type { ProfileReport } from '../contract/profile-report.ts'
import type { NamedAxis } from '../hlo/mesh-axes.ts'
import { accountOf } from './accounts.ts'
import { bottleneckOf } from './bottleneck.ts'
import { captureNotes } from './capture-kind.ts'
import { collectives } from './collectives.ts'
import { missingShare } from './completeness.ts'
import type { CoreReading, Hardware } from './core-reading.ts'
import { deviceOf } from './devices.ts'
import type { Findings } from './findings.ts'
import { graphFindings } from './graph-findings.ts'
import { hostRows, programStepMs } from './host-rows.ts'
import { kpis, traceFigures } from './kpis.ts'
import type { ProfileLimits } from './limits.ts'
import { devicesNamed } from './op-shapes.ts'
import type { OpTable } from './op-table.ts'
import { buildOpTable } from './op-table.ts'
import { boundShares, topOps } from './ops.ts'
import { partiesOf } from './parties.ts'
import type { ProfileDetails } from './profile-details.ts'
import { profileDetails } from './profile-details.ts'
import type { SpaceReading } from './read-space.ts'
import { isStretched, notesOf } from './report-notes.ts'
import { roofline } from './roofline.ts'
import { skew } from './skew.ts'
import { stepNotes } from './step-notes.ts'
import type { StepSummary } from './steps.ts'
import { stepsReport, summarizeSteps } from './steps.ts'
import { timeCategories } from './time-category.ts'
import { inputActivity, waitingWords } from './waiting-words.ts'
import { whoWaits } from './who-waits.ts'
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
  int8: null,
  fp8: null,
  fromKnowledge: false,
}

export interface AssembleOptions {
  limits: ProfileLimits
  missingHosts: number
  notes: string[]
  mesh: readonly NamedAxis[] | null
}

/** Puts the hosts' readings together into one report. `missingHosts`: files of the run that could not be read. */
export async function assemble(source: string, spaces: readonly SpaceReading[], options: AssembleOptions): Promise<ProfileReport> {
  return (await assembleWithDetails(source, spaces, options)).report
}

/** The same, with what a page of it shows besides. */
export async function assembleWithDetails(
  source: string,
  spaces: readonly SpaceReading[],
  options: AssembleOptions,
): Promise<{ report: ProfileReport; details: ProfileDetails }> {
  const { intervals } = options.limits
  const cores = spaces.flatMap((space) => space.cores)
  const main = cores.filter((core) => !core.sparse)
  const hardware = main.find((core) => core.hardware.peakTflops !== null)?.hardware ?? main[0]?.hardware ?? noHardware
  const table = buildOpTable(cores)
  const steps = summarizeSteps(main)
  const bounds = boundShares(table, hardware)
  const trace = traceFigures(cores, hardware, intervals)
  const figures = kpis({
    cores,
    hosts: spaces.flatMap((space) => space.hosts),
    table,
    hardware,
    stepTimeMs: steps.medianMs ?? programStepMs(main),
    trace,
    marked: steps.total > 0,
    unknown: bounds.unknown,
    intervals,
  })
  const waiting = whoWaits(partiesOf(main, 'host'), partiesOf(main, 'device'))
  const words = waitingWords(waiting, (host) => inputActivity(spaces, host))
  const device = deviceOf(spaces, main)
  const findings: Findings = {
    kpis: figures,
    shares: waiting.account,
    bounds,
    topOps: topOps(table, hardware, listed.ops),
    roofline: roofline(table, hardware, listed.points),
    steps,
    quality: quality({ main, table, steps, spaces, unknown: bounds.unknown, missingHosts: options.missingHosts }),
    activities: activities(spaces, main),
    waiting: words,
  }
  const graphs = await graphFindings(onePerProgram(spaces), {
    table,
    deviceType: device.type,
    mesh: options.mesh,
    maxBytes: options.limits.hloBytes,
  })
  const outsideMs = outsideSteps(main)
  const account = accountOf(main)
  const report: ProfileReport = {
    source,
    device,
    kpis: figures,
    bottleneck: bottleneckOf(findings),
    top_ops: findings.topOps,
    roofline: findings.roofline,
    collectives: collectives(cores, listed.collectives, graphs.collectives),
    steps: stepsReport(steps),
    outside_steps_ms: outsideMs,
    categories: timeCategories(table, (account?.idle ?? 0) * table.totalPs),
    hosts: hostRows(spaces),
    anti_patterns: graphs.antiPatterns,
    skew: skew(cores, listed.skew),
    notes: [
      ...options.notes,
      ...words.map((line) => `${line[0]?.toUpperCase()}${line.slice(1)}.`),
      ...graphs.notes,
      ...captureNotes(spaces),
      ...stepNotes(steps, spaces),
      ...notesOf({
        spaces, main, cores, findings, table, outsideMs, trace,
        devicesNamed: mostDevicesNamed(main), devices: device.devices,
      }), // biome-ignore format: a table
    ],
  }
  return { report, details: profileDetails(spaces, report, graphs.axes) }
}

/** Hosts of a job run the same programs: each graph is read once. */
function onePerProgram(spaces: readonly SpaceReading[]): ProgramGraph[] {
  const graphs = new Map<string, ProgramGraph>()
  for (const graph of spaces.flatMap((space) => space.graphs)) if (!graphs.has(graph.programId)) graphs.set(graph.programId, graph)
  return [...graphs.values()]
}

/** Of a device's traced time, what belongs to no step, neither a slow nor a partial one; the mean over cores. */
function outsideSteps(main: readonly CoreReading[]): number | null {
  const traced = main.filter((core) => core.totalPs > 0)
  if (traced.length === 0) return null
  const outside = traced.map((core) => {
    const steps = core.steps.reduce((sum, step) => sum + step.timePs, 0)
    return Math.max(0, core.totalPs - (core.steps.length > 0 ? steps : core.windowPs))
  })
  return outside.reduce((sum, ps) => sum + ps, 0) / outside.length / 1e9
}

function mostDevicesNamed(main: readonly CoreReading[]): number | null {
  const named = main.flatMap((core) => core.collectives.flatMap((each) => devicesNamed(each.facts.expression) ?? []))
  return named.length === 0 ? null : named.reduce((most, count) => Math.max(most, count), 0)
}

function quality(known: {
  main: readonly CoreReading[]
  table: OpTable
  steps: StepSummary
  spaces: readonly SpaceReading[]
  unknown: number
  missingHosts: number
}): Findings['quality'] {
  const { main, table, steps, spaces } = known
  const all = Math.max(1, known.missingHosts + spaces.length)
  const slowMs = steps.slow.reduce((sum, step) => sum + step.ms, 0)
  const usualMs = (steps.medianMs ?? 0) * (steps.full - steps.slow.length)
  const without = spaces.filter((space) => space.cores.length === 0).length
  return {
    missing: missingShare(main),
    missingSteps: steps.missing,
    unstated:
      table.opPs > 0 ? table.rows.reduce((sum, row) => sum + (row.kind.role === 'container' ? 0 : row.unstatedPs), 0) / table.opPs : 0,
    unknownOps: known.unknown,
    missingHosts: known.missingHosts / all,
    hostsWithoutDevices: main.length > 0 ? without / all : 0,
    dropped: spaces.some((space) => [...space.warnings, ...space.errors].some((text) => /drop|lost|overflow|truncat/i.test(text))),
    stretched: isStretched(main),
    slow: slowMs > 0 ? slowMs / (slowMs + usualMs) : 0,
    noTimeline: false,
  }
}

function activities(spaces: readonly SpaceReading[], main: readonly CoreReading[]): { name: string; share: number }[] {
  const from = main.reduce((first, core) => Math.min(first, core.windows.spans[0]?.from ?? first), Number.POSITIVE_INFINITY)
  const to = main.reduce((last, core) => Math.max(last, core.windows.spans.at(-1)?.to ?? last), Number.NEGATIVE_INFINITY)
  if (!(to > from)) return []
  const longest = new Map<string, number>()
  for (const host of spaces.flatMap((space) => space.hosts)) {
    for (const [name, spans] of host.activities) {
      // A host whose clock has nothing in common with its devices' still says how long it was at it.
      const within = spans.total(from, to)
      longest.set(name, Math.max(longest.get(name) ?? 0, within > 0 ? within : Math.min(to - from, spans.total())))
    }
  }
  return [...longest].map(([name, ps]) => ({ name, share: Math.min(1, ps / (to - from)) })).sort((a, b) => b.share - a.share)
}
