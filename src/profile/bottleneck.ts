import thresholds from '../../knowledge/bottleneck.json' with { type: 'json' }
import type { Bottleneck, BottleneckClass } from '../contract/profile-report.ts'
import type { Findings } from './findings.ts'

const { confidence: weight } = thresholds

/**
 * Names what holds the job back, host waits first, then communication, then the roofline's bound.
 * (Capacity is the planner's to say: a profile of a job that ran did not run out of memory.)
 * The confidence falls with how near another class is, with noise, and with what the profile does not hold.
 */
export function bottleneckOf(findings: Findings): Bottleneck {
  const shares = hostShares(findings)
  const scores = {
    host: shares.host / thresholds.host.min_share,
    communication: communicationScore(findings),
  }
  const { compute, hbm } = findings.bounds
  const bound: BottleneckClass = compute === 0 && hbm === 0 ? 'unknown' : compute >= hbm ? 'compute' : 'hbm'
  const chosen: BottleneckClass = scores.host >= 1 ? 'host' : scores.communication >= 1 ? 'communication' : bound
  const also: BottleneckClass[] = []
  for (const each of ['host', 'communication'] as const) {
    if (each !== chosen && scores[each] >= thresholds.near) also.push(each)
  }
  for (const each of ['compute', 'hbm'] as const) {
    if (each !== chosen && findings.bounds[each] >= thresholds.bound_near) also.push(each)
  }
  return { class: chosen, confidence: confidence(findings, chosen, scores), evidence: evidence(findings, chosen, shares), also }
}

interface HostShares {
  idle: number
  infeed: number
  transfer: number
  host: number
}

/**
 * Shares of a whole profile: what missing ops would have filled is no idle time, and what is left of the rest stands for all of
 * it.
 */
function hostShares(findings: Findings): HostShares {
  const { idle, containers, infeed, hostTransfer } = findings.shares
  const { missing } = findings.quality
  const ops = Math.min(idle, Math.max(0, ((1 - idle) * missing) / (1 - missing) - containers))
  const waits = { idle: idle - ops, infeed: infeed / (1 - missing), transfer: hostTransfer / (1 - missing) }
  return { ...waits, host: Math.min(1, waits.idle + waits.infeed + waits.transfer) }
}

function communicationScore(findings: Findings): number {
  const { exposed, inFlight } = findings.shares
  const byExposed = exposed / thresholds.communication.min_exposed
  const top = findings.topOps[0]
  const leads = top !== undefined && top.bound_by === 'communication'
  return leads ? Math.max(byExposed, inFlight / thresholds.communication.min_in_flight) : byExposed
}

function confidence(findings: Findings, chosen: BottleneckClass, scores: { host: number; communication: number }): number {
  if (chosen === 'unknown') return weight.floor
  const { compute, hbm } = findings.bounds
  const margins = [
    chosen === 'host' ? scores.host - 1 : 1 - scores.host,
    ...(chosen === 'host' ? [] : [chosen === 'communication' ? scores.communication - 1 : 1 - scores.communication]),
    ...(chosen === 'compute' || chosen === 'hbm' ? [Math.abs(compute - hbm) / (compute + hbm)] : []),
  ]
  const margin = Math.min(1, Math.min(...margins) / weight.margin_for_full)
  let value = weight.at_threshold + (weight.base - weight.at_threshold) * Math.max(0, margin)
  const { steps, quality } = findings
  if (steps.total === 0) value *= weight.no_steps
  else if (steps.full < thresholds.steps.few) value *= weight.few_steps
  if (steps.spread !== null) value *= fall(Math.max(0, steps.spread - thresholds.steps.noisy_spread / 2), weight.noisy_steps_slope)
  if (quality.noTimeline) value *= weight.few_steps
  if (quality.dropped) value *= weight.dropped_events
  if (quality.stretched) value *= weight.stretched_steps
  value *=
    fall(quality.missing, weight.missing_ops_slope) *
    fall(quality.missingSteps, weight.missing_steps_slope) *
    fall(quality.slow, weight.slow_steps_slope) *
    fall(quality.unstated, weight.unstated_slope) *
    fall(quality.unknownOps, weight.unknown_ops_slope * (chosen === 'compute' || chosen === 'hbm' ? 1 : weight.unknown_ops_aside)) *
    fall(quality.missingHosts + quality.hostsWithoutDevices, weight.missing_hosts_slope)
  return Math.max(weight.floor, Math.round(value * 100) / 100)
}

function fall(amount: number, slope: number): number {
  return Math.max(0, 1 - amount * slope)
}

function evidence(findings: Findings, chosen: BottleneckClass, host: HostShares): string[] {
  const { shares, kpis, bounds } = findings
  const lines: string[] = [...findings.waiting]
  if (host.host >= thresholds.host.min_share * thresholds.near) lines.push(...hostEvidence(findings, host))
  if (shares.barrier >= told) lines.push(`${percent(shares.barrier)} of the step waits in a barrier for other devices: not for the host`)
  if (shares.inFlight >= told)
    lines.push(`collectives are in flight ${percent(shares.inFlight)} of the step, ${percent(shares.exposed)} with nothing computing`)
  if (shares.dcnInFlight >= told)
    lines.push(
      `of these, transfers between slices (DCN) are in flight ${percent(shares.dcnInFlight)} of the step, ${percent(shares.dcnExposed)} with nothing computing`,
    )
  const top = findings.topOps[0]
  if (top) lines.push(`the longest op is ${top.name} (${top.category}), ${percent(top.share)} of the step`)
  if (bounds.compute + bounds.hbm > 0)
    lines.push(`of the time in ops, ${percent(bounds.compute)} is bound by compute and ${percent(bounds.hbm)} by HBM bandwidth`)
  if (kpis.roofline_efficiency !== null)
    lines.push(
      `${percent(kpis.roofline_efficiency)} of the roofline${kpis.hbm_bandwidth_utilization === null ? '' : `, ${percent(kpis.hbm_bandwidth_utilization)} of the HBM bandwidth`}`,
    )
  if (findings.quality.missing >= 0.02)
    lines.push(`about ${percent(findings.quality.missing)} of op executions are missing from the profile`)
  if (findings.quality.missingSteps > 0) lines.push(`${percent(findings.quality.missingSteps)} of the steps are missing from the profile`)
  if (chosen === 'unknown') lines.push('the profile has no op with flops or bytes to judge by')
  return lines
}

/** Below this share of a step nothing is said of a part. */
const told = 0.05

function hostEvidence(findings: Findings, host: HostShares): string[] {
  const lines = [
    `${percent(host.host)} of the step waits for the host: ${percent(host.idle)} idle, ${percent(host.infeed)} infeed and outfeed, ${percent(host.transfer)} transfers to or from host memory`,
  ]
  const copies = new Map<string, number>()
  for (const op of findings.topOps) {
    if (host.transfer + host.infeed >= told && /copy|send|recv|feed/.test(op.category))
      copies.set(op.category, (copies.get(op.category) ?? 0) + op.share)
  }
  for (const [category, share] of copies) if (share >= told) lines.push(`${category} takes ${percent(share)} of the step`)
  for (const activity of findings.activities.slice(0, 2))
    if (activity.share >= told) lines.push(`the host spends ${percent(activity.share)} of the time in ${activity.name}`)
  return lines
}

/** Two figures where they matter: 84%, 4.3%, 0.4%. */
export function percent(share: number): string {
  const value = share * 100
  return `${value >= 10 || value < 0.05 ? Math.round(value) : Number(value.toPrecision(2))}%`
}
