import type { LineJob, LineJobs } from '../../contract/line-job.ts'

/** Words before the job: `plan llama3-70b on v6e-256, …`, `please size serve …`. */
const verbFirst = /^(?:please\s+)?(plan|size)\b[\s:,]+(?=\S)/i
const maxWords = 2000

/**
 * The job that a message to the bot says in one line; null for a message of another kind. `plan` of ids alone is one of those.
 * Without `plan` or `size` every word must be understood: with a slice it is a plan, without one a size.
 */
export function lineAsked(text: string, jobs: LineJobs): LineJob | null {
  const said = text.trim().slice(0, maxWords)
  const verb = verbFirst.exec(said)
  const line = verb === null ? said : said.slice(verb[0].length)
  if (!/\S[\s,]+\S/.test(line)) return null
  const { job, place, change } = jobs.read(line)
  if (verb?.[1]?.toLowerCase() === 'size') return { verb: 'size', lines: [line] }
  if (verb !== null)
    return job || place || change || !line.split(/[\s,;]+/).every((word) => /[-_.]/.test(word)) ? { verb: 'plan', lines: [line] } : null
  return job && change ? { verb: place ? 'plan' : 'size', lines: [line] } : null
}
