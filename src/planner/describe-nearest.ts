import { formatPlaced } from '../contract/placed.ts'
import type { Nearest, Plan } from '../contract/verdict.ts'
import { formatGibNumber, formatMs } from '../text/units.ts'

/**
 * What a plan says of what comes nearest: to fitting, or to the latency that is asked where some mesh fits. Null where it has
 * nothing to say.
 */
export function nearestWords({ nearest, ranked }: Pick<Plan, 'nearest' | 'ranked'>): string | null {
  if (nearest === null) return null
  return ranked[0]?.memory?.certainty === 'clear' ? towardsObjective(nearest) : towardsMemory(nearest)
}

/** The mesh that comes nearest to fitting, what it needs, and the smallest change with which it fits. */
export function towardsMemory({ mesh, dcn, required_gib, available_gib, change, verdict, larger }: Nearest): string {
  const need = `${formatPlaced({ mesh, dcn })} comes nearest: ${formatGibNumber(required_gib)} of ${formatGibNumber(available_gib)} GiB per device`
  const more = larger && `On ${larger.slice} it fits as it is: ${onLarger(larger)}, ${formatGibNumber(larger.required_gib)} GiB per device.`
  if (!change || !verdict?.memory || !verdict.estimate)
    return sentences(`${need}; no single setting or pair of settings makes it fit.`, more)
  const { memory, estimate } = verdict
  const after = `${formatGibNumber(memory.required_gib)} GiB and ${formatMs(estimate.step_time_ms)} per step are predicted`
  const where = memory.certainty === 'clear' ? 'clear of the limit' : 'near the limit'
  return sentences(`${need}. The smallest change that makes it fit: ${changeWords(change)} (${after}, ${where}).`, more)
}

function towardsObjective({ mesh, dcn, change, verdict, larger }: Nearest): string {
  const more = larger && `On ${larger.slice} it is met as it is: ${onLarger(larger)}.`
  if (!change || !verdict?.estimate) return sentences('No single setting or pair of settings meets it.', more)
  const after = `${formatMs(verdict.estimate.step_time_ms)} per step are predicted`
  return sentences(`The smallest change that meets it: ${changeWords(change)} on ${formatPlaced({ mesh, dcn })} (${after}).`, more)
}

function onLarger({ mesh, dcn, step_time_ms }: NonNullable<Nearest['larger']>): string {
  return `${formatPlaced({ mesh, dcn })}, ${formatMs(step_time_ms)} per step`
}

function sentences(...parts: (string | null)[]): string {
  return parts.filter((part) => part !== null).join(' ')
}

function changeWords(change: NonNullable<Nearest['change']>): string {
  return Object.entries(change)
    .map(([name, value]) => `${name} ${typeof value === 'object' ? flagsText(value) : value}`)
    .join(', ')
}

function flagsText(flags: object): string {
  return Object.entries(flags)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}
