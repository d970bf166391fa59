import type { Pace } from '../../state/state-store.ts'
import type { Entry } from './entry.ts'

/**
 * What Slack lets an app do. chat.postMessage: about one a second a channel (kept from one answer to the next request, so that no
 * two arrive closer). The others are counted a minute for a whole workspace, tier 3 at 50 and tier 4 at 100: burst plus refill
 * stays below.
 */
export const paces = {
  post: { intervalMs: 1000, burst: 1 },
  update: { intervalMs: 1400, burst: 4 },
  react: { intervalMs: 1400, burst: 4 },
  whisper: { intervalMs: 700, burst: 6 },
  home: { intervalMs: 700, burst: 6 },
} as const satisfies Record<string, Pace>

export type LaneKind = keyof typeof paces

/** @param isEdit The message is there already. */
export function laneOf(entry: Entry, isEdit: boolean): LaneKind {
  if (entry.op.kind === 'put') return isEdit ? 'update' : 'post'
  return entry.op.kind
}

/** So many 429s of a workspace in this time mean that the workspace as a whole is over its limit, not one channel. */
export const workspaceThrottle = { windowMs: 5000, hits: 10 } as const

export const requestTimeoutMs = 10_000
/**
 * While a post is on its way its channel is shut for so long, renewed as long as the sender lives: a process that dies in the
 * middle leaves the channel shut for no longer, and one whose event loop stands still for less keeps it.
 */
export const inFlightMs = 3000
export const renewMs = 1000
/** Tries of a message over which Slack itself fails. One that Slack was not there for is tried until its time is over. */
export const maxAttempts = 8
export const awayRetryMs = 10_000
/** How long a message may wait for its turn before it is given up. */
export const answerDeadlineMs = 12 * 3_600_000
/** A 👀 or a step of a plan that could not be sent in this time is of no use any more. */
export const progressDeadlineMs = 3000
/** Taking a 👀 away may wait for a quiet moment. */
export const tidyDeadlineMs = 1_800_000
