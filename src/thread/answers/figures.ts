import type { Verdict } from '../../contract/verdict.ts'
import { formatChange, formatGibNumber, formatMs, formatShare, formatUsd } from '../../text/units.ts'

/** A verdict's figures on one line, compared with another where there is one: step, range, memory, communication, dollars. */
export function figuresOf(verdict: Verdict, baseline: Verdict | null): string {
  const { estimate, memory } = verdict
  if (!estimate || !memory) return 'It cannot be judged: the mesh does not fill the job’s devices.'
  const before = baseline?.estimate
  const change = before
    ? `, ${formatChange(before.tokens_per_second_per_chip / estimate.tokens_per_second_per_chip)} time per token per chip against what runs`
    : ''
  return [
    `step ${formatMs(estimate.step_time_ms)} (${formatMs(estimate.low_ms)} to ${formatMs(estimate.high_ms)}${change})`,
    `HBM ${formatGibNumber(memory.required_gib)} of ${formatGibNumber(memory.available_gib)} GiB${memory.fits ? '' : ', does not fit'}`,
    `exposed communication ${formatShare(estimate.exposed_communication_ms / estimate.step_time_ms)}`,
    `MFU ${formatShare(estimate.mfu)}`,
    `${formatUsd(estimate.usd_per_1000_steps)} per 1,000 steps`,
  ].join('; ')
}
