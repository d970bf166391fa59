import type { SpaceReading } from './read-space.ts'
import { time } from './report-notes.ts'
import type { Waiting } from './who-waits.ts'

/** Who holds the others up, in sentences; the first is the one that matters. */
export function waitingWords({ straggler, bubble }: Waiting, activityOf: (host: string) => string | null = () => null): string[] {
  if (bubble)
    return [
      `a pipeline bubble: the wait in transfers between stages grows from device to device, from ${time(bubble.fromMs)} to ${time(bubble.toMs)} per step`,
    ]
  if (!straggler) return []
  const { name, ofHost, cause, slowdown, excessMs, op, othersWaitMs, ownWaitMs } = straggler
  const who = `${ofHost ? 'host' : 'device'} ${name}`
  const times = `${slowdown.toFixed(2)} times`
  const activity = ofHost ? activityOf(name) : null
  const why =
    cause === 'compute'
      ? `${who} computes ${times} as long as the others (${time(excessMs)} more per step)`
      : cause === 'input'
        ? `${who} starts its work ${time(excessMs)} later than the others in every step: it waits for its ${activity ?? 'own host'}`
        : `${who} takes ${time(excessMs)} longer per step in ${op} than the others: its link is slow`
  return [`${why}: a straggler; the others wait ${time(othersWaitMs)} per step in collectives for it, it waits ${time(ownWaitMs)} itself`]
}

/** What a host was at that keeps devices waiting, longest first; null where its threads say nothing. */
export function inputActivity(spaces: readonly SpaceReading[], name: string): string | null {
  const times = spaces
    .filter((space) => space.host === name)
    .flatMap((space) => space.hosts.flatMap((host) => [...host.activities].map(([activity, spans]) => ({ activity, ps: spans.total() }))))
  return times.sort((a, b) => b.ps - a.ps)[0]?.activity ?? null
}
