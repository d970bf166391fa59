import { PromptsError } from '../errors.ts'

/** Slack's deliveries are refused when their signature is older than five minutes by this machine's clock. */
const mostOffMs = 4 * 60_000
const timeoutMs = 5000

/**
 * Compares this machine's clock with the time that Slack answers with: over HTTP a clock that is off refuses every delivery, silently.
 * @throws PromptsError `unavailable` where it is over four minutes off. What cannot be compared passes.
 */
export async function checkClock(apiUrl = 'https://slack.com/api/', now: () => number = Date.now): Promise<void> {
  const response = await fetch(new URL('api.test', apiUrl), { method: 'POST', signal: AbortSignal.timeout(timeoutMs) }).catch(() => null)
  const said = Date.parse(response?.headers.get('date') ?? '')
  await response?.arrayBuffer().catch(() => {})
  const offMs = now() - said
  if (Number.isNaN(offMs) || Math.abs(offMs) <= mostOffMs) return
  const minutes = Math.round(Math.abs(offMs) / 60_000)
  throw new PromptsError('unavailable', `This machine's clock is ${minutes} minutes ${offMs > 0 ? 'ahead of' : 'behind'} Slack's`, {
    hint: "Slack's deliveries would all be refused as too old: set the clock (NTP), or use Socket Mode, which does not depend on it.",
  })
}
