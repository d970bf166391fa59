/**
 * The least time in which a channel's messages can all be there: each question's messages follow one another no closer than
 * `gapMs`, none before its question came, first come first served.
 * @param arrivals Milliseconds since the start at which each question of the channel was delivered.
 * @returns Milliseconds since the start of the last message.
 */
export function leastChannelMs(arrivals: readonly number[], messagesEach: number, gapMs: number): number {
  let last = -gapMs
  for (const arrival of [...arrivals].sort((a, b) => a - b)) {
    for (let message = 0; message < messagesEach; message += 1) last = Math.max(arrival, last + gapMs)
  }
  return Math.max(0, last)
}

/** The value below which `share` of the values lie (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? 0
}
