import type { LineJob, LineJobs } from '../../contract/line-job.ts'
import { PromptsError } from '../../errors.ts'
import { fileMessage, planLineMessage, sizeMessage } from '../blocks/line-messages.ts'
import type { Message } from '../blocks/message.ts'
import type { SlackServices } from '../services.ts'
import { lineAsked } from './line-asked.ts'
import { type JobPlace, keepThreadJob, mostChanges, threadJob } from './thread-job.ts'

const answerMs = 60_000
/** The experiment file is asked for. */
const fileAsked =
  /^(?:(?:show|give|send|print)\s+(?:me\s+)?)?(?:the\s+)?(?:experiment(?:[ .]ya?ml|\s+file)?|ya?ml|file|as (?:a )?file)[\s.?!]*$/i

/**
 * Answers a job of one line and keeps it for the replies of its thread.
 * @throws PromptsError what reading and planning it throw.
 */
export async function answerLine(services: SlackServices, jobs: LineJobs, place: JobPlace, job: LineJob): Promise<Message> {
  const answer = await jobs.answer(job, AbortSignal.timeout(answerMs))
  await keepThreadJob(services, place, job)
  return answer.verb === 'plan' ? planLineMessage(answer.plan, answer.lead) : sizeMessage(answer.size)
}

/**
 * What a reply in the thread of such a job is answered with: another value of something that was assumed or said, the other verb,
 * or the file. Null where the thread has no such job, or where the reply says nothing of it. `addressed`: then what is not
 * understood is said.
 */
export async function replyToLine(
  services: SlackServices,
  place: JobPlace,
  { text, addressed }: { text: string; addressed: boolean },
): Promise<(() => Promise<Message>) | null> {
  const jobs = services.deps.lineJobs
  const job = jobs === undefined ? null : await threadJob(services, place)
  if (jobs === undefined || job === null) return null
  if (fileAsked.test(text.trim())) return () => file(jobs, job)
  const verb = /^(plan|size)(?:\s+(?:it|this|that))?[\s.?!]*$/i.exec(text.trim())?.[1]?.toLowerCase()
  if (verb === 'plan' || verb === 'size') return () => answerLine(services, jobs, place, { ...job, verb })
  const again = addressed ? lineAsked(text, jobs) : null
  if (again !== null && jobs.read(text).job) return () => answerLine(services, jobs, place, again)
  const said = text.replace(/^(?:and\s+)?(?:what\s+if|with|now|make\s+it|use|try|change\s+to|instead)\s+/i, '')
  if (!jobs.read(said).change && !addressed) return null
  return () => change(services, jobs, place, { job, said })
}

async function change(
  services: SlackServices,
  jobs: LineJobs,
  place: JobPlace,
  { job, said }: { job: LineJob; said: string },
): Promise<Message> {
  if (job.lines.length > mostChanges)
    throw new PromptsError('too_large', `This job was changed ${mostChanges} times`, { hint: 'Say it again in one line.' })
  return answerLine(services, jobs, place, { ...job, lines: [...job.lines, said] })
}

async function file(jobs: LineJobs, job: LineJob): Promise<Message> {
  const answer = await jobs.answer({ ...job, verb: 'plan' }, AbortSignal.timeout(answerMs))
  return fileMessage(answer.verb === 'plan' ? (answer.plan.experiment_file ?? '') : '')
}
