import type { Kpis, ProfileReport } from '../../contract/profile-report.ts'
import { PromptsError } from '../../errors.ts'
import type { Account } from '../accounts.ts'
import { noAccount } from '../accounts.ts'
import { bottleneckOf } from '../bottleneck.ts'
import type { Hardware } from '../core-reading.ts'
import type { Findings } from '../findings.ts'
import { collectiveFacts } from '../op-shapes.ts'
import type { OpTable } from '../op-table.ts'
import { boundShares, topOps } from '../ops.ts'
import { programWork, roofline, utilization } from '../roofline.ts'
import type { StepSummary } from '../steps.ts'
import { stepsReport, summarizeSteps } from '../steps.ts'
import { timeCategories } from '../time-category.ts'
import { waitingWords } from '../waiting-words.ts'
import { whoWaits } from '../who-waits.ts'
import { peakHbmOf } from './memory-profile.ts'
import { opProfileTable } from './op-profile.ts'
import { rowsOfHloStats, rowsOfOverview, rowsOfRoofline, tableOf } from './op-rows.ts'
import type { PodShares } from './pod-viewer.ts'
import { podShares } from './pod-viewer.ts'
import type { Replies } from './replies.ts'
import { replyNotes } from './reply-notes.ts'
import { replyTime, stepTimesMs } from './reply-time.ts'
import type { Table } from './tables.ts'
import { numberOf, shareOf, tablesOf, textOf } from './tables.ts'

/**
 * A report from replies of XProf's server, new or old, as far as they go: they hold per-op times but no timeline, so time in
 * flight is the time collectives take on the core, and overlap is not seen.
 */
export function reportOfReplies(source: string, replies: Replies, notes: readonly string[] = []): ProfileReport {
  const overview = tablesOf(replies.get('overview_page'))
  const find = (property: string): Table | undefined => overview.find((table) => property in table.properties)
  const analysis = find('mxu_utilization_percent')?.properties ?? find('device_idle_time_percent')?.properties ?? {}
  const environment = find('device_type')?.properties ?? {}
  const stepTable = [...overview, ...tablesOf(replies.get('input_pipeline_analyzer'))].find((table) =>
    table.rows.some((row) => 'stepnum' in row),
  )
  const times = stepTimesMs(stepTable)
  const steps = summarizeSteps([{ steps: times.map(({ id, ms }) => ({ id, durationPs: ms * 1e9, timePs: ms * 1e9 })) }])
  const rooflineTable = tablesOf(replies.get('roofline_model'))[0]
  const program = rooflineTable?.rows.find((row) => row['category'] === 'Program' && row['step'] === 'Total')
  const traced = opsOf(replies, { rooflineTable, program, overview: overview[0], steps })
  if (traced.rows.length === 0 && steps.total === 0 && Object.keys(environment).length === 0) {
    throw new PromptsError('bad_profile', `${source} holds no reply of an XProf server that says anything of a profile`, {
      hint: 'Save overview_page and hlo_stats or op_profile at least.',
    })
  }
  const hardware = hardwareOf(rooflineTable)
  const device = deviceOf(environment, replies, traced)
  const { table, idle, outsideMs, perStep } = replyTime(traced, {
    steps,
    times,
    analysis,
    cores: numberOf(environment['device_core_count']) ?? 0,
  })
  const pods = podShares(
    replies.get('pod_viewer'),
    table.rows.some((row) => row.kind.dcn),
  )
  const shares = sharesOf(table, idle, pods)
  const figures = kpisOf({ analysis, steps, program, table, hardware, shares, perStep, replies })
  const bounds = boundsOf(table, hardware, analysis)
  const waiting = pods ? whoWaits(pods.hosts.length > 1 ? pods.hosts : [], pods.devices) : null
  const words = waiting ? waitingWords(waiting) : []
  const findings: Findings = {
    kpis: figures,
    shares: waiting?.straggler ? waiting.account : shares,
    bounds,
    topOps: topOps(table, hardware, 50),
    roofline: roofline(table, hardware, 30),
    steps,
    quality: {
      missing: 0, missingSteps: 0, unstated: 0, unknownOps: bounds.unknown, missingHosts: 0, hostsWithoutDevices: 0, dropped: false,
      stretched: false, slow: 0, noTimeline: true,
    }, // biome-ignore format: a table
    activities: [],
    waiting: words,
  }
  return {
    source,
    device,
    kpis: figures,
    bottleneck: bottleneckOf(findings),
    top_ops: findings.topOps,
    roofline: findings.roofline,
    collectives: collectivesOf(table, pods),
    steps: stepsReport(steps),
    outside_steps_ms: outsideMs,
    categories: timeCategories(table, shares.idle * table.totalPs),
    hosts: hostsOf(pods, steps),
    anti_patterns: [],
    skew: pods ? skewOf(pods) : [],
    notes: [
      ...notes,
      ...words.map((line) => `${line[0]?.toUpperCase()}${line.slice(1)}.`),
      ...replyNotes({ findings, table, analysis, outsideMs, hosts: device.hosts, hasPods: pods !== null }),
    ],
  }
}

interface ReplyParts {
  rooflineTable: Table | undefined
  program: Record<string, unknown> | undefined
  overview: Table | undefined
  steps: StepSummary
}

function opsOf(replies: Replies, { rooflineTable, program, overview, steps }: ReplyParts): OpTable {
  const totalUs = numberOf(program?.['total_time'])
  const totalPs = totalUs === null ? null : totalUs * 1e6
  const spanPs = (steps.medianMs ?? 1) * 1e9
  const profile = replies.has('op_profile') ? opProfileTable(replies.get('op_profile'), spanPs) : null
  const stats = rowsOfHloStats(replies.get('hlo_stats'))
  if (stats.length > 0) return tableOf(stats, totalPs ?? profile?.totalPs ?? null)
  if (rooflineTable) {
    const rows = rowsOfRoofline(rooflineTable)
    if (rows.length > 0) return tableOf(rows, totalPs)
  }
  if (profile && profile.rows.length > 0) return profile
  return tableOf(overview ? rowsOfOverview(overview, spanPs) : [], spanPs)
}

const gibiToGiga = 2 ** 30 / 1e9

function hardwareOf(table: Table | undefined): Hardware {
  const properties = table?.properties ?? {}
  const scaled = (name: string, by: number): number | null => {
    const value = numberOf(properties[name])
    return value === null || value <= 0 ? null : value * by
  }
  return {
    peakTflops: scaled('peak_flop_rate', 1e-3),
    peakHbmGbps: scaled('peak_hbm_bw', gibiToGiga),
    peakVmemReadGbps: scaled('peak_vmem_read_bw', gibiToGiga),
    peakVmemWriteGbps: scaled('peak_vmem_write_bw', gibiToGiga),
    peakCmemReadGbps: scaled('peak_cmem_read_bw', gibiToGiga),
    peakCmemWriteGbps: scaled('peak_cmem_write_bw', gibiToGiga),
    megacore: numberOf(properties['megacore']) === 1,
    int8: null,
    fp8: null,
    fromKnowledge: false,
  }
}

interface KpiInput {
  analysis: Record<string, unknown>
  steps: StepSummary
  program: Record<string, unknown> | undefined
  table: OpTable
  hardware: Hardware
  shares: Account
  perStep: number
  replies: Replies
}

function kpisOf({ analysis, steps, program, table, hardware, shares, perStep, replies }: KpiInput): Kpis {
  const told = (name: string): number | null => {
    const share = shareOf(analysis[name])
    // 0.0% with ops that ran means that it was not measured.
    return share === 0 && table.opPs > 0 ? null : share
  }
  const known = table.totalPs > 0 && table.rows.length > 0
  const duty = told('device_duty_cycle_percent')
  const rate = numberOf(program?.['hbm_bw'])
  const hbm =
    hardware.peakHbmGbps === null
      ? null
      : rate !== null
        ? (rate * gibiToGiga * perStep) / hardware.peakHbmGbps
        : utilization(programWork(table), hardware).hbm
  const efficiency = numberOf(program?.['roofline_efficiency'])
  return {
    step_time_ms: steps.medianMs,
    duty_cycle: duty === null ? null : Math.min(1, duty * perStep),
    mxu_utilization: told('mxu_utilization_percent'),
    hbm_bandwidth_utilization: hbm ?? told('memory_bw_utilization_relative_to_hw_limit'),
    communication_share: known ? shares.inFlight : null,
    exposed_communication_share: known ? shares.exposed : null,
    roofline_efficiency: efficiency === null ? told('flop_rate_utilization_relative_to_roofline') : efficiency * perStep,
    peak_hbm_gib: peakHbmOf(replies.get('memory_profile')),
    mfu: mfuOf(table, hardware),
  }
}

function mfuOf(table: OpTable, hardware: Hardware): number | null {
  if (hardware.peakTflops === null || table.totalPs === 0) return null
  const flops = table.rows.reduce((sum, row) => sum + (row.kind.role === 'container' || row.kind.rematerialized ? 0 : row.modelFlops), 0)
  return flops > 0 ? flops / table.totalPs / hardware.peakTflops : null
}

/** By op where the peaks are known; of an old profile, by which of its two utilizations reaches the roofline. */
function boundsOf(table: OpTable, hardware: Hardware, analysis: Record<string, unknown>): Findings['bounds'] {
  if (hardware.peakTflops !== null) return boundShares(table, hardware)
  const whole = shareOf(analysis['flop_rate_utilization_relative_to_roofline'])
  const memory = shareOf(analysis['memory_bw_utilization_relative_to_hw_limit'])
  if (whole === null || memory === null || whole === 0) return { compute: 0, hbm: 0, unknown: 1 }
  return memory >= whole * 0.999 ? { compute: 0.2, hbm: 0.8, unknown: 0 } : { compute: 0.8, hbm: 0.2, unknown: 0 }
}

/** From the ops where they are known; what their names do not tell (old replies), the pod viewer does. */
function sharesOf(table: OpTable, idle: number, pods: PodShares | null): Account {
  const part = (takes: (row: OpTable['rows'][number]) => boolean): number =>
    table.totalPs > 0 ? table.rows.reduce((sum, row) => sum + (takes(row) ? row.selfPs : 0), 0) / table.totalPs : 0
  const told = table.rows.some((row) => row.facts.expression !== '')
  const feeds = part((row) => row.kind.role === 'infeed')
  const collectives = part((row) => row.kind.collective !== null)
  const exposed = part((row) => row.kind.role === 'collective')
  const infeed = told ? feeds : Math.max(feeds, pods?.infeed ?? 0)
  return {
    ...noAccount,
    idle: Math.min(idle, 1 - Math.min(1, infeed)),
    infeed,
    hostTransfer: part((row) => row.kind.role === 'host-transfer'),
    inFlight: told ? collectives : Math.max(collectives, pods?.communication ?? 0),
    exposed: told ? exposed : Math.max(exposed, pods?.communication ?? 0),
    dcnInFlight: part((row) => row.kind.dcn),
    dcnExposed: part((row) => row.kind.dcn),
  }
}

function deviceOf(environment: Record<string, unknown>, replies: Replies, table: OpTable): ProfileReport['device'] {
  const cores = numberOf(environment['device_core_count']) ?? 0
  const memory = replies.get('memory_profile')
  const allocators =
    memory !== null && typeof memory === 'object' && 'memoryIds' in memory && Array.isArray(memory.memoryIds) ? memory.memoryIds.length : 0
  const joined = table.rows.some((row) => row.facts.category === 'megacore fusion')
  return {
    type: textOf(environment['device_type']) || 'TPU',
    devices: joined && allocators > 0 ? allocators : cores,
    hosts: numberOf(environment['host_count']) ?? 1,
  }
}

function hostsOf(pods: PodShares | null, steps: StepSummary): ProfileReport['hosts'] {
  return (pods?.hosts ?? []).slice(0, 256).map((party) => ({
    host: party.name,
    devices: pods?.devices.filter((device) => device.name.startsWith(`${party.name} core`)).length ?? 0,
    step_time_ms: steps.medianMs,
    idle_share: party.account.idle,
    collective_wait_share: party.account.exposed,
    input_wait_share: party.account.infeed,
  }))
}

function skewOf(pods: PodShares): ProfileReport['skew'] {
  return [...(pods.hosts.length > 1 ? slowdowns(pods.hosts) : []), ...slowdowns(pods.devices)].slice(0, 64)
}

function slowdowns(parties: PodShares['devices']): ProfileReport['skew'] {
  const own = parties.map((party) => party.stepPs - party.waitPs).sort((a, b) => a - b)
  const middle = own[Math.floor((own.length - 1) / 2)]
  if (!middle) return []
  return parties
    .map((party) => ({ device: party.name, slowdown: (party.stepPs - party.waitPs) / middle }))
    .sort((a, b) => b.slowdown - a.slowdown)
}

function collectivesOf(table: OpTable, pods: PodShares | null): ProfileReport['collectives'] {
  const rows = table.rows.filter((row) => row.kind.collective !== null && row.selfPs > 0).sort((a, b) => b.selfPs - a.selfPs)
  if (rows.length === 0) return pods?.collectives ?? []
  return rows.slice(0, 50).map((row) => {
    const { bytes, groupSize } = collectiveFacts(row.facts.expression)
    const share = table.totalPs > 0 ? row.selfPs / table.totalPs : 0
    return {
      kind: row.kind.collective ?? '',
      name: row.facts.name,
      bytes,
      group_size: groupSize,
      occupied_share: share,
      exposed_share: row.kind.role === 'collective' ? share : 0,
    }
  })
}
