import type { Comparison } from '../contract/diagnosis.ts'
import type { ProfileReport } from '../contract/profile-report.ts'

type Times = Map<string, { before: number; after: number }>

const listedOps = 30
/** A change that is smaller than this share of the longer step is not told as grown or shrunk. */
const tellingShare = 0.01

/**
 * Two profiles of a workload side by side: what each part of a step, and each op, gained or lost, milliseconds a step on the average device.
 * Where a profile has no steps, its times are of the whole span and a note says so.
 */
export function compareReports(before: ProfileReport, after: ProfileReport): Comparison {
  const notes: string[] = []
  const spans = { before: spanMs(before, 'before', notes), after: spanMs(after, 'after', notes) }
  const bothSteps = before.kpis.step_time_ms !== null && after.kpis.step_time_ms !== null
  if (before.device.type !== after.device.type || before.device.devices !== after.device.devices) {
    notes.push(
      `Not the same hardware: ${before.device.devices} × ${before.device.type} before, ${after.device.devices} × ${after.device.type} after.`,
    )
  }
  const ops = opTimes(before, after, spans)
  notes.push(...telling(ops, Math.max(spans.before, spans.after)))
  return {
    before: before.source,
    after: after.source,
    step_time_ratio: bothSteps ? after.kpis.step_time_ms! / before.kpis.step_time_ms! : null,
    parts: rows(partTimes(before, after, spans)),
    ops: rows(ops).slice(0, listedOps),
    memory_gib: { before: before.kpis.peak_hbm_gib, after: after.kpis.peak_hbm_gib },
    notes,
  }
}

/** The time that shares are of: a step, or without steps what the listed ops add up to on one device. */
function spanMs(report: ProfileReport, which: string, notes: string[]): number {
  if (report.kpis.step_time_ms !== null) return report.kpis.step_time_ms
  const top = report.top_ops[0]
  notes.push(`The profile ${which} has no full step: its times are of the whole profile.`)
  return top && top.share > 0 ? top.self_ms / top.share / Math.max(1, report.device.devices) : 0
}

function opTimes(before: ProfileReport, after: ProfileReport, spans: { before: number; after: number }): Times {
  const times: Times = new Map()
  for (const side of ['before', 'after'] as const) {
    for (const op of (side === 'before' ? before : after).top_ops) add(times, op.name, side, op.share * spans[side])
  }
  return times
}

function partTimes(before: ProfileReport, after: ProfileReport, spans: { before: number; after: number }): Times {
  const times: Times = new Map()
  for (const side of ['before', 'after'] as const) {
    const report = side === 'before' ? before : after
    const span = spans[side]
    let listed = 0
    for (const op of report.top_ops) {
      add(times, `ops: ${op.category}`, side, op.share * span)
      listed += op.share
    }
    const duty = report.kpis.duty_cycle
    if (duty !== null) {
      add(times, 'ops: not listed', side, Math.max(0, duty - listed) * span)
      add(times, 'idle', side, Math.max(0, 1 - duty) * span)
    }
    for (const one of report.collectives) {
      const group = one.group_size === null ? '' : ` over ${one.group_size}`
      add(times, `collective in flight: ${one.kind}${group}`, side, one.occupied_share * span)
      add(times, `collective exposed: ${one.kind}${group}`, side, one.exposed_share * span)
    }
  }
  return times
}

function add(times: Times, name: string, side: 'before' | 'after', ms: number): void {
  const entry = times.get(name) ?? { before: 0, after: 0 }
  entry[side] += ms
  times.set(name, entry)
}

/** The greatest change first. */
function rows(times: Times): { name: string; before_ms: number; after_ms: number }[] {
  return [...times]
    .map(([name, { before, after }]) => ({ name, before_ms: before, after_ms: after }))
    .filter((row) => row.before_ms > 0 || row.after_ms > 0)
    .sort((a, b) => Math.abs(b.after_ms - b.before_ms) - Math.abs(a.after_ms - a.before_ms) || (a.name < b.name ? -1 : 1))
}

/** Ops that appeared, vanished or grew by a telling part of the step. */
function telling(ops: Times, longerMs: number): string[] {
  const told = { appeared: [] as string[], vanished: [] as string[], grew: [] as string[], shrank: [] as string[] }
  for (const [name, { before, after }] of ops) {
    if (Math.abs(after - before) < longerMs * tellingShare) continue
    const kind = before === 0 ? 'appeared' : after === 0 ? 'vanished' : after > before ? 'grew' : 'shrank'
    told[kind].push(name)
  }
  return Object.entries(told)
    .filter(([, names]) => names.length > 0)
    .map(
      ([kind, names]) =>
        `${names.length} op${names.length === 1 ? '' : 's'} ${kind}: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}`,
    )
}
