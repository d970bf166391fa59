import { percent } from '../bottleneck.ts'
import type { Findings } from '../findings.ts'
import type { OpTable } from '../op-table.ts'
import { time } from '../report-notes.ts'
import { shareOf } from './tables.ts'

/** What a reader of a report from replies must know beside its figures. */
export function replyNotes(known: {
  findings: Findings
  table: OpTable
  analysis: Record<string, unknown>
  outsideMs: number | null
  hosts: number
  hasPods: boolean
}): string[] {
  const { findings, table, analysis, outsideMs } = known
  const notes = [
    'Read from replies of an XProf server: they hold no timeline, so communication is the time collectives take on the core, what overlaps is not seen, and an idle device may wait for its host or in a barrier. The .xplane.pb itself tells more.',
  ]
  const { steps, kpis } = findings
  if (shareOf(analysis['device_duty_cycle_percent']) === 0)
    notes.push('XProf gives a duty cycle of 0.0%, which with ops that ran means it was not recorded.')
  else if (kpis.duty_cycle === null) notes.push('The duty cycle is not in these replies.')
  if (steps.total === 0)
    notes.push('There are no step markers in these replies, so there is no step time; shares are of all that was traced.')
  if (steps.full < steps.total)
    notes.push(
      `${steps.total - steps.full} of ${steps.total} steps are partial and left out of the step time (XProf's average of all steps is ${steps.meanMs?.toFixed(1)} ms).`,
    )
  if (steps.slow.length > 0)
    notes.push(
      `${steps.slow.length} of ${steps.full} steps took more than 1.5 times the median of ${time(steps.medianMs ?? 0)}: ${steps.slow
        .slice(0, 5)
        .map((step) => `step ${step.place} (${time(step.ms)})`)
        .join(', ')}. They are in no share (a checkpoint, an evaluation or compilation?).`,
    )
  if (outsideMs !== null && steps.medianMs !== null && outsideMs > steps.medianMs * 0.2)
    notes.push(
      `${time(outsideMs)} of the time traced lie outside the step markers: set-up, compilation, or gaps between markers, which these replies do not tell apart. They are in no share.`,
    )
  if (steps.spread !== null && steps.spread >= 0.1)
    notes.push(`Steps vary by ${percent(steps.spread)} (standard deviation): a noisy profile.`)
  if (known.hosts > 1 && !known.hasPods) notes.push('pod_viewer is not in these replies: who waits for whom is not seen.')
  if (kpis.peak_hbm_gib === null) notes.push('Peak HBM is not in these replies: memory_profile is missing.')
  if (table.rows.length === 0) notes.push('No ops are in these replies: hlo_stats and op_profile are missing.')
  return notes
}
