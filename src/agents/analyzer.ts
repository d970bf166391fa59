import thresholds from '../../knowledge/bottleneck.json' with { type: 'json' }
import { chipOfDeviceType } from '../contract/chip.ts'
import type { Bottleneck, Kpis, ProfileReport } from '../contract/profile-report.ts'
import type { Verdict } from '../contract/verdict.ts'
import { formatGibNumber, formatMs, formatShare } from '../text/units.ts'
import { type Analysis, noKpis, type Situation } from './situation.ts'

/** Confidence in a bottleneck that is predicted, because nothing was measured. */
const predictedConfidence = 0.4
const capacityConfidence = { predicted: 0.75, nearTheLimit: 0.5 }

/** Whether a profile can be used to anchor predictions: it is from a TPU of the chip that the experiment names. */
export function profileFits(report: ProfileReport, chip: string): { fits: boolean; note: string | null } {
  const from = chipOfDeviceType(report.device.type)
  if (from === chip) return { fits: true, note: null }
  if (from === null) {
    return {
      fits: false,
      note: `The profile is from ${report.device.type || 'an unknown device'}, not from a TPU: predictions are not anchored to it. Missing: a profile of the job on ${chip}.`,
    }
  }
  return { fits: false, note: `The profile is from ${from}, the experiment says ${chip}: predictions are not anchored to it.` }
}

/**
 * The rules' Analyzer. Precedence of the contract: capacity when the baseline does not fit and nothing shows that it ran; then
 * what the profile says; without a profile, what the planner predicts, called a prediction.
 */
export function analyze(situation: Situation): Analysis {
  const { report, baseline, workload } = situation
  const notes: string[] = [...(report?.notes ?? [])]
  const fit = report ? profileFits(report, workload.slice.chip) : null
  if (fit?.note) notes.push(fit.note)
  const usable = report !== null && fit?.fits === true
  const ran = (usable && report.kpis.step_time_ms !== null) || Object.values(workload.measured).some((value) => value !== undefined)
  const kpis = report?.kpis ?? noKpis
  const shown = { kpis, top_ops: report?.top_ops ?? [], anti_patterns: report?.anti_patterns ?? [] }
  const capacity = capacityOf(baseline)
  if (capacity && !ran)
    return { ...shown, bottleneck: withAlso(capacity, report?.bottleneck ?? null), notes: [...notes, ...coldStartNotes(situation)] }
  if (capacity) notes.push('The memory model says that the baseline does not fit, yet it ran: memory figures are likely too high here.')
  notes.push(...coldStartNotes(situation))
  if (report !== null) return { ...shown, bottleneck: report.bottleneck, notes }
  return { ...shown, bottleneck: predictedBottleneck(baseline), notes }
}

function capacityOf(baseline: Verdict | null): Bottleneck | null {
  const memory = baseline?.memory
  if (baseline?.compiler?.status === 'oom') {
    const { required_gib: required, available_gib: available } = baseline.compiler
    const figures = required === null ? '' : `: ${formatGibNumber(required)} of ${formatGibNumber(available)} GiB`
    return { class: 'capacity', confidence: 0.99, evidence: [`the TPU compiler runs out of memory on the baseline${figures}`], also: [] }
  }
  if (!memory || memory.fits) return null
  const [largest, size] = Object.entries(memory.breakdown).sort((a, b) => b[1] - a[1])[0]!
  return {
    class: 'capacity',
    confidence: memory.margin < -0.1 ? capacityConfidence.predicted : capacityConfidence.nearTheLimit,
    evidence: [
      `the baseline needs ${formatGibNumber(memory.required_gib)} GiB per device, ${formatGibNumber(memory.available_gib)} are there`,
      `the largest part is ${largest.replaceAll('_', ' ')}: ${formatGibNumber(size)} GiB`,
    ],
    also: [],
  }
}

function withAlso(bottleneck: Bottleneck, measured: Bottleneck | null): Bottleneck {
  if (!measured || measured.class === 'unknown') return bottleneck
  return { ...bottleneck, also: [...new Set([measured.class, ...measured.also])].filter((name) => name !== 'capacity') }
}

/** What the planner predicts holds the baseline back; its evidence says that nothing was measured. */
function predictedBottleneck(baseline: Verdict | null): Bottleneck {
  const estimate = baseline?.estimate
  if (!estimate) {
    return { class: 'unknown', confidence: 0.05, evidence: ['there is neither a profile nor a mesh that ran'], also: [] }
  }
  const step = estimate.step_time_ms
  const exposed = estimate.exposed_communication_ms / step
  const host = estimate.host_ms / step
  const chosen =
    host >= thresholds.host.min_share
      ? 'host'
      : exposed >= thresholds.communication.min_exposed
        ? 'communication'
        : estimate.hbm_ms > estimate.compute_ms
          ? 'hbm'
          : 'compute'
  const evidence = [
    `predicted, not measured: of a step of ${formatMs(step)}, compute takes ${formatMs(estimate.compute_ms)}, HBM ${formatMs(estimate.hbm_ms)}`,
    `predicted communication ${formatMs(estimate.communication_ms)}, of which ${formatShare(exposed)} of the step with nothing computing`,
  ]
  return { class: chosen, confidence: predictedConfidence, evidence, also: [] }
}

function coldStartNotes({ report, workload }: Situation): string[] {
  if (report !== null) return []
  const measured = workload.measured.step_time_ms ?? workload.measured.ttft_ms ?? workload.measured.tpot_ms
  const anchor =
    measured === undefined ? 'nothing measured anchors the predictions' : `only the measured ${formatMs(measured)} anchors the predictions`
  return [`Cold start: there is no profile, so the bottleneck is predicted, not measured, and ${anchor}.`]
}

/**
 * The KPIs that say what the bottleneck costs, for a sentence: `collectives are in flight 43% of the step, 31% with nothing
 * computing`.
 */
export function bottleneckFigures(kpis: Kpis, bottleneck: Bottleneck): string {
  switch (bottleneck.class) {
    case 'communication':
      if (kpis.exposed_communication_share !== null) {
        const inFlight =
          kpis.communication_share === null ? '' : `collectives are in flight ${formatShare(kpis.communication_share)} of the step, `
        return `${inFlight}${formatShare(kpis.exposed_communication_share)} with nothing computing`
      }
      break
    case 'compute':
      if (kpis.mxu_utilization !== null) return `the MXU is at ${formatShare(kpis.mxu_utilization)}${dutyOf(kpis)}`
      break
    case 'hbm':
      if (kpis.hbm_bandwidth_utilization !== null)
        return `HBM bandwidth is at ${formatShare(kpis.hbm_bandwidth_utilization)}${dutyOf(kpis)}`
      break
    case 'host':
      if (kpis.duty_cycle !== null && bottleneck.evidence.length === 0) return `the duty cycle is ${formatShare(kpis.duty_cycle)}`
      break
  }
  return bottleneck.evidence[0] ?? 'the profile does not say what holds it back'
}

function dutyOf(kpis: Kpis): string {
  return kpis.duty_cycle === null ? '' : ` at a duty cycle of ${formatShare(kpis.duty_cycle)}`
}
