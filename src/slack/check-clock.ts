import { systemClock } from '../clock.ts'
import { PromptsError } from '../errors.ts'
import type { Check } from '../health/readiness.ts'

/** Slack's deliveries are refused when their signature is older than five minutes by this machine's clock. */
const mostOffMs = 4 * 60_000
const timeoutMs = 5000

/**
 * Compares this machine's clock with the time that Slack answers with: over HTTP a clock that is off refuses every delivery,
 * silently.
 * @throws PromptsError `unavailable` where it is over four minutes off.
 * @returns False where it could not be compared.
 */
export async function checkClock(apiUrl = 'https://slack.com/api/', now: () => number = Date.now): Promise<boolean> {
  const response = await fetch(new URL('api.test', apiUrl), { method: 'POST', signal: AbortSignal.timeout(timeoutMs) }).catch(() => null)
  const said = Date.parse(response?.headers.get('date') ?? '')
  await response?.arrayBuffer().catch(() => {})
  const offMs = now() - said
  if (Number.isNaN(offMs)) return false
  if (Math.abs(offMs) <= mostOffMs) return true
  const minutes = Math.round(Math.abs(offMs) / 60_000)
  throw new PromptsError('unavailable', `This machine's clock is ${minutes} minutes ${offMs > 0 ? 'ahead of' : 'behind'} Slack's`, {
    hint: "Slack's deliveries would all be refused as too old: set the clock (NTP), or use Socket Mode, which does not depend on it.",
  })
}

/** Less is how far clocks are slewed. */
const stepMs = 30_000

/**
 * Whether this machine's clock, compared with Slack's at the start, stepped since to where deliveries would be refused: Slack is
 * asked again only where it stepped.
 */
export function createClockCheck(apiUrl?: string, now: () => number = Date.now, steady: () => number = systemClock.now): Check {
  let off = now() - steady()
  return {
    async ask() {
      const stands = now() - steady()
      if (Math.abs(stands - off) < stepMs) return "agrees with Slack's"
      if (await checkClock(apiUrl, now)) off = stands
      return "stepped, and agrees with Slack's"
    },
  }
}
