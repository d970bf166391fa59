/**
 * "go deeper", "dig deeper into …", "look closer: …": what a person says who wants more time and compilations spent on one
 * question.
 */
const asksDeeper = /^\W*(?:please\s+)?(?:(?:go|dig|look)\s+(?:a\s+bit\s+)?(?:deeper|closer)|deep\s+dive)\b(?:\s+(?:into|at|on))?[\s:,.–-]*/i

/** The question behind it, with what was asked to be looked at; null for any other message. */
export function deepQuestion(text: string): string | null {
  const match = asksDeeper.exec(text)
  if (match === null) return null
  const rest = text.slice(match[0].length).trim()
  return rest === '' ? 'Is the first card the best that this job can have? Compare it with the strongest alternative.' : rest
}

/** So long may an answer take that compiles; others end earlier. */
export const deepDeadlineMs = 25 * 60_000
