/**
 * Whether words in a thread of ours, said without a mention, speak to the bot. People talk to each other in these threads too: what
 * mentions someone, or asks for nothing that the bot can answer, is left alone.
 */
export function isFollowUp(text: string): boolean {
  if (text.length > 1000 || /<@[A-Z0-9]+/.test(text)) return false
  return patterns.some((pattern) => pattern.test(text.trim()))
}

const measured = [/\b(?:ran|runs|running|measured|got|took)\b.*\b\d+(?:[.,]\d+)?\s*(?:ms|s|sec|seconds)\b/i, /\bstep time\b.*\d/i]

/** Words that say how something ran: a time, or the experiment that it ran as. */
export function isOutcome(text: string): boolean {
  return outcomeExperiment(text) !== null || measured.some((pattern) => pattern.test(text))
}

const patterns = [
  ...measured,
  /^why\b/i,
  /^(?:and |but |so )?what (?:if|about|happens|would|is the (?:bottleneck|evidence|memory))\b/i,
  /^how (?:about|much (?:memory|hbm)|does card)\b/i,
  /^compare\b/i,
  /\b(?:show|what(?:'s| is)) (?:me )?the (?:evidence|sources?|snippet|memory|breakdown)\b/i,
  /\bcards? [123]\b.*\?/i,
  /\b(?:replica|stage|data|seq|model|expert|fsdp|tensor|context|pipeline|mdl)\s*[=:]\s*\d+/i,
  /^(?:cancel|stop)[.!]?$/i,
  /^(?:explain|help)\b/i,
]

/** A message that is nothing but an id, or says that something ran as it: `exp-124`, `it ran as exp-124`. */
export function outcomeExperiment(text: string): string | null {
  if (text.length > 300) return null
  const found =
    /^(?:(?:it|we|this|the run|card [123])\s+(?:ran|is running)\s+(?:as|in|under)\s+)?`?([A-Za-z][A-Za-z0-9]*(?:[-_.][A-Za-z0-9]+)+|[A-Za-z]+\d[A-Za-z0-9._-]*)`?[.!]?$/i.exec(
      text.trim(),
    )
  return found?.[1] ?? null
}
