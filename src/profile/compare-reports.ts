import type { Comparison } from '../contract/diagnosis.ts'
import type { Op, ProfileReport } from '../contract/profile-report.ts'
import { phaseOfReport } from './capture-kind.ts'
import { modelDiffers } from './compare-jobs.ts'

type Times = Map<string, { before: number; after: number }>
type Side = 'before' | 'after'

const listedOps = 30
/** A change that is smaller than this share of the longer step is not told as grown or shrunk. */
const tellingShare = 0.01

/**
 * Two profiles of a workload side by side: what each part of a step, and each op, gained or lost, milliseconds per step on the
 * average device. Where a profile has no steps, its times are of the whole span and a note says so. What makes the two hardly
 * comparable is said first.
 */
export function compareReports(before: ProfileReport, after: ProfileReport): Comparison {
  const notes = notTheSame(before, after)
  const spans = { before: spanMs(before, 'before', notes), after: spanMs(after, 'after', notes) }
  const [stepBefore, stepAfter] = [before.kpis.step_time_ms, after.kpis.step_time_ms]
  const ops = opTimes(before, after, spans)
  notes.push(...telling(ops, Math.max(spans.before, spans.after)))
  return {
    before: before.source,
    after: after.source,
    step_time_ratio: stepBefore !== null && stepAfter !== null ? stepAfter / stepBefore : null,
    parts: rows(partTimes(before, after, spans)),
    ops: rows(ops).slice(0, listedOps),
    memory_gib: { before: before.kpis.peak_hbm_gib, after: after.kpis.peak_hbm_gib },
    notes,
  }
}

/** Other chips, another phase, another model, other steps: first of all. */
function notTheSame(before: ProfileReport, after: ProfileReport): string[] {
  const notes: string[] = []
  if (before.device.type !== after.device.type || before.device.devices !== after.device.devices) {
    notes.push(
      `Not the same hardware: ${before.device.devices} × ${before.device.type} before, ${after.device.devices} × ${after.device.type} after.`,
    )
  }
  const phases = [phaseOfReport(before), phaseOfReport(after)]
  if (phases[0] !== phases[1] && !phases.includes(null)) notes.push(`Not the same phase: ${phases[0]} before, ${phases[1]} after.`)
  const differs = modelDiffers(before, after)
  if (differs !== null) notes.push(differs)
  if ((before.steps === null) !== (after.steps === null))
    notes.push(
      `Steps are marked ${before.steps === null ? 'after' : 'before'} only: the other’s step time is the period of its main program, and may not be the same thing.`,
    )
  for (const [side, { steps }] of [
    ['before', before],
    ['after', after],
  ] as const)
    if (steps && steps.slow > 0) notes.push(`${steps.slow} of ${steps.count} steps ${side} are slow and in no figure here.`)
  return notes
}

/** The time that shares are of: a step, or without steps what the listed ops add up to on one device. */
function spanMs(report: ProfileReport, which: Side, notes: string[]): number {
  if (report.kpis.step_time_ms !== null) return report.kpis.step_time_ms
  const top = report.top_ops[0]
  notes.push(`The profile ${which} has no full step: its times are of the whole profile.`)
  return top && top.share > 0 ? top.self_ms / top.share / Math.max(1, report.device.devices) : 0
}

/**
 * Ops by name; one that goes by another name after is the one of the same category and source line, where there is just one of
 * each.
 */
function opTimes(before: ProfileReport, after: ProfileReport, spans: Record<Side, number>): Times {
  const times: Times = new Map()
  const renamed = renames(before.top_ops, after.top_ops)
  for (const op of before.top_ops) add(times, op.name, 'before', op.share * spans.before)
  for (const op of after.top_ops) {
    const was = renamed.get(op.name)
    if (was !== undefined) {
      const entry = times.get(was) ?? { before: 0, after: 0 }
      times.delete(was)
      times.set(`${was} → ${op.name}`, { ...entry, after: op.share * spans.after })
    } else add(times, op.name, 'after', op.share * spans.after)
  }
  return times
}

function renames(before: readonly Op[], after: readonly Op[]): Map<string, string> {
  const [namesBefore, namesAfter] = [new Set(before.map((op) => op.name)), new Set(after.map((op) => op.name))]
  const gone = Map.groupBy(
    before.filter((op) => !namesAfter.has(op.name) && op.source !== null),
    keyOf,
  )
  const come = Map.groupBy(
    after.filter((op) => !namesBefore.has(op.name) && op.source !== null),
    keyOf,
  )
  const renamed = new Map<string, string>()
  for (const [key, [is, other]] of come) {
    const was = gone.get(key)
    if (is && other === undefined && was?.length === 1 && was[0]) renamed.set(is.name, was[0].name)
  }
  return renamed
}

function keyOf(op: Op): string {
  return `${op.category} ${op.source}`
}

function partTimes(before: ProfileReport, after: ProfileReport, spans: Record<Side, number>): Times {
  const times: Times = new Map()
  for (const side of ['before', 'after'] as const) {
    const report = side === 'before' ? before : after
    const span = spans[side]
    for (const part of report.categories) add(times, partNames[part.name] ?? part.name, side, part.share * span)
    for (const one of report.collectives) {
      const group = one.group_size === null ? '' : ` over ${one.group_size}`
      add(times, `collective in flight: ${one.kind}${group}`, side, one.occupied_share * span)
      add(times, `collective exposed: ${one.kind}${group}`, side, one.exposed_share * span)
    }
    const outside = report.outside_steps_ms
    if (outside !== null && outside > span * tellingShare) add(times, 'outside the steps, in all', side, outside)
  }
  return times
}

const partNames: Record<string, string> = {
  collective_ici: 'collectives',
  collective_dcn: 'collectives between slices',
  host_copy: 'copies to and from the host',
  barrier: 'waiting in barriers',
  kernel: 'custom kernels',
}

function add(times: Times, name: string, side: Side, ms: number): void {
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
