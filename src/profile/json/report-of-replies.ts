import type { Kpis, ProfileReport } from '../../contract/profile-report.ts'
import { PromptsError } from '../../errors.ts'
import { judge, percent } from '../bottleneck.ts'
import type { Hardware } from '../core-reading.ts'
import type { Findings } from '../findings.ts'
import { collectiveFacts } from '../op-kind.ts'
import type { OpTable } from '../op-table.ts'
import { boundShares, topOps } from '../ops.ts'
import { programWork, roofline, utilization } from '../roofline.ts'
import type { StepSummary } from '../steps.ts'
import { summarizeSteps } from '../steps.ts'
import { peakHbmOf } from './memory-profile.ts'
import { opProfileTable } from './op-profile.ts'
import { rowsOfHloStats, rowsOfOverview, rowsOfRoofline, tableOf } from './op-rows.ts'
import type { PodShares } from './pod-viewer.ts'
import { podShares } from './pod-viewer.ts'
import type { Replies } from './replies.ts'
import type { Table } from './tables.ts'
import { numberOf, shareOf, tablesOf, textOf } from './tables.ts'

/**
 * A report from replies of XProf's server, new or old, as far as they go: they hold per-op times but no timeline, so time in flight is the
 * time collectives take on the core, and overlap is not seen.
 */
export function reportOfReplies(source: string, replies: Replies, notes: readonly string[] = []): ProfileReport {
  const overview = tablesOf(replies.get('overview_page'))
  const find = (property: string): Table | undefined => overview.find((table) => property in table.properties)
  const analysis = find('mxu_utilization_percent')?.properties ?? find('device_idle_time_percent')?.properties ?? {}
  const environment = find('device_type')?.properties ?? {}
  const stepTable = [...overview, ...tablesOf(replies.get('input_pipeline_analyzer'))].find((table) =>
    table.rows.some((row) => 'stepnum' in row),
  )
  const steps = stepsOf(stepTable)
  const rooflineTable = tablesOf(replies.get('roofline_model'))[0]
  const program = rooflineTable?.rows.find((row) => row['category'] === 'Program' && row['step'] === 'Total')
  const table = opsOf(replies, rooflineTable, program, overview[0], steps)
  if (table.rows.length === 0 && steps.total === 0 && Object.keys(environment).length === 0) {
    throw new PromptsError('bad_profile', `${source} holds no reply of an XProf server that says anything of a profile`, {
      hint: 'Save overview_page and hlo_stats or op_profile at least.',
    })
  }
  const hardware = hardwareOf(rooflineTable)
  const pods = podShares(replies.get('pod_viewer'))
  const figures = kpisOf({ analysis, steps, program, table, hardware, pods, replies })
  const bounds = boundsOf(table, hardware, analysis)
  const shares = sharesOf(table, stepTable, pods)
  const ops = topOps(table, hardware, 50)
  const findings: Findings = {
    kpis: figures,
    shares: { ...shares, containers: 0, inFlight: figures.communication_share ?? 0, exposed: figures.exposed_communication_share ?? 0 },
    bounds,
    topOps: ops,
    roofline: roofline(table, hardware, 30),
    steps,
    quality: { missing: 0, missingSteps: 0, unstated: 0, unknownOps: bounds.unknown, missingHosts: 0, noTimeline: true },
    activities: [],
  }
  return {
    source,
    device: deviceOf(environment, replies, table),
    kpis: figures,
    bottleneck: judge(findings),
    top_ops: ops,
    roofline: findings.roofline,
    collectives: collectivesOf(table, pods),
    anti_patterns: [],
    skew: pods?.skew ?? [],
    notes: [...notes, ...notesOf(findings, table, analysis)],
  }
}

/** Steps by the time XProf writes beside them, else by the sum of their parts. */
function stepsOf(table: Table | undefined): StepSummary {
  const steps = (table?.rows ?? []).map((row, index) => {
    const told = /Step time = ([\d.]+) ms/.exec(textOf(row['tooltip']))?.[1]
    const parts = Object.entries(row).reduce((sum, [column, value]) => sum + (column.endsWith('TimeMs') ? (numberOf(value) ?? 0) : 0), 0)
    return { id: numberOf(row['stepnum']) ?? index, durationPs: (told === undefined ? parts : Number(told)) * 1e9 }
  })
  return summarizeSteps([{ host: '', steps }])
}

function opsOf(
  replies: Replies,
  rooflineTable: Table | undefined,
  program: Record<string, unknown> | undefined,
  overview: Table | undefined,
  steps: StepSummary,
): OpTable {
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

function hardwareOf(table: Table | undefined): Hardware {
  const properties = table?.properties ?? {}
  const scaled = (name: string, by: number): number | null => {
    const value = numberOf(properties[name])
    return value === null || value <= 0 ? null : value * by
  }
  const gibiToGiga = 2 ** 30 / 1e9
  return {
    peakTflops: scaled('peak_flop_rate', 1e-3),
    peakHbmGbps: scaled('peak_hbm_bw', gibiToGiga),
    peakVmemReadGbps: scaled('peak_vmem_read_bw', gibiToGiga),
    peakVmemWriteGbps: scaled('peak_vmem_write_bw', gibiToGiga),
    peakCmemReadGbps: scaled('peak_cmem_read_bw', gibiToGiga),
    peakCmemWriteGbps: scaled('peak_cmem_write_bw', gibiToGiga),
    megacore: numberOf(properties['megacore']) === 1,
  }
}

interface KpiInput {
  analysis: Record<string, unknown>
  steps: StepSummary
  program: Record<string, unknown> | undefined
  table: OpTable
  hardware: Hardware
  pods: PodShares | null
  replies: Replies
}

function kpisOf({ analysis, steps, program, table, hardware, pods, replies }: KpiInput): Kpis {
  const told = (name: string): number | null => {
    const share = shareOf(analysis[name])
    // 0.0 % with ops that ran means that it was not measured.
    return share === 0 && table.opPs > 0 ? null : share
  }
  const use = hardware.peakTflops === null ? null : utilization(programWork(table), hardware)
  const collective = table.rows.reduce((sum, row) => sum + (row.kind.collective !== null ? row.selfPs : 0), 0)
  const exposed = table.rows.reduce((sum, row) => sum + (row.kind.role === 'collective' ? row.selfPs : 0), 0)
  const ofTime = (ps: number): number | null => (table.totalPs > 0 && table.rows.length > 0 ? ps / table.totalPs : null)
  return {
    step_time_ms: steps.medianMs,
    duty_cycle: told('device_duty_cycle_percent'),
    mxu_utilization: told('mxu_utilization_percent'),
    hbm_bandwidth_utilization: use?.hbm ?? told('memory_bw_utilization_relative_to_hw_limit'),
    communication_share: pods?.communication ?? ofTime(collective),
    exposed_communication_share: pods?.communication ?? ofTime(exposed),
    roofline_efficiency: numberOf(program?.['roofline_efficiency']) ?? told('flop_rate_utilization_relative_to_roofline'),
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

function sharesOf(
  table: OpTable,
  steps: Table | undefined,
  pods: PodShares | null,
): { idle: number; infeed: number; hostTransfer: number } {
  const role = (name: string): number =>
    table.totalPs > 0 ? table.rows.reduce((sum, row) => sum + (row.kind.role === name ? row.selfPs : 0), 0) / table.totalPs : 0
  let idle = table.totalPs > 0 && table.rows.length > 10 ? Math.max(0, 1 - table.opPs / table.totalPs) : 0
  let infeed = Math.max(role('infeed'), pods?.infeed ?? 0)
  const times = { all: 0, idle: 0, input: 0 }
  for (const row of steps?.rows ?? []) {
    for (const [column, value] of Object.entries(row)) {
      const ms = column.endsWith('TimeMs') ? (numberOf(value) ?? 0) : 0
      times.all += ms
      if (/idle/i.test(column)) times.idle += ms
      else if (/infeed|outfeed|input/i.test(column)) times.input += ms
    }
  }
  if (times.all > 0) {
    idle = times.idle / times.all
    infeed = Math.max(infeed, times.input / times.all)
  }
  return { idle: Math.min(idle, 1 - Math.min(1, infeed)), infeed, hostTransfer: role('host-transfer') }
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

function notesOf(findings: Findings, table: OpTable, analysis: Record<string, unknown>): string[] {
  const notes = [
    'Read from saved replies of an XProf server: they hold no timeline, so communication is the time collectives take on the core, and what overlaps is not seen.',
  ]
  const { steps, kpis } = findings
  if (shareOf(analysis['device_duty_cycle_percent']) === 0)
    notes.push('XProf gives a duty cycle of 0.0 %, which with ops that ran means it was not recorded.')
  else if (kpis.duty_cycle === null) notes.push('The duty cycle is not in these replies.')
  if (steps.full < steps.total)
    notes.push(
      `${steps.total - steps.full} of ${steps.total} steps are partial and left out of the step time (XProf's average of all steps is ${steps.meanMs?.toFixed(1)} ms).`,
    )
  if (steps.spread !== null && steps.spread >= 0.1)
    notes.push(`Steps vary by ${percent(steps.spread)} (standard deviation): a noisy profile.`)
  if (kpis.peak_hbm_gib === null) notes.push('Peak HBM is not in these replies: memory_profile is missing.')
  if (table.rows.length === 0) notes.push('No ops are in these replies: hlo_stats and op_profile are missing.')
  return notes
}
