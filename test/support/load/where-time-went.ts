/** One try to post in a channel, as the gate before the emulated Slack saw it. Milliseconds since the start. */
export interface Try {
  at: number
  answeredAt: number | null
  end: 'posted' | 'rate_limited' | 'answer_lost'
}

/** What a channel's posts took beyond a second each, by cause. Milliseconds. */
export interface Beyond {
  /** Around the crash: from the last post before it to the first after it. */
  outage: number
  rateLimited: number
  answerLost: number
  /** Slack's own time to answer: the pace counts from the answer. */
  answers: number
  /** What is left: timers, bookkeeping, waiting for a core. */
  own: number
}

/**
 * Adds up the time between a channel's posts that the pace does not account for. A pause that several causes share counts for the
 * first of outage, 429, lost answer.
 * @param tries In order of time.
 * @param arrivals When each question came, `messagesEach` posts answering one: nothing can be posted before.
 * @param down When the processes were not there; null without a crash.
 */
export function whereTimeWent(
  tries: readonly Try[],
  pace: { gapMs: number; arrivals: readonly number[]; messagesEach: number },
  down: { from: number; to: number } | null,
): Beyond {
  const arrivals = pace.arrivals.toSorted((a, b) => a - b)
  let posts = 0
  const beyond: Beyond = { outage: 0, rateLimited: 0, answerLost: 0, answers: 0, own: 0 }
  let last: Try | null = null
  let refused = false
  for (const one of tries) {
    if (one.end === 'rate_limited') {
      refused = true
      continue
    }
    if (last !== null) {
      const question = arrivals[Math.floor(posts / pace.messagesEach)] ?? 0
      const extra = Math.max(0, one.at - Math.max(last.at + pace.gapMs, question))
      if (down !== null && last.at < down.to && one.at > down.from) beyond.outage += extra
      else if (refused) beyond.rateLimited += extra
      else if (last.end === 'answer_lost') beyond.answerLost += extra
      else {
        const answer = Math.min(extra, Math.max(0, (last.answeredAt ?? last.at) - last.at))
        beyond.answers += answer
        beyond.own += extra - answer
      }
    }
    last = one
    posts += 1
    refused = false
  }
  return beyond
}
