import type { WebClient } from '@slack/web-api'
import { asPromptsError, PromptsError } from '../../errors.ts'
import { read } from '../../thread/intent.ts'
import { type Ask, maxIds, readAsk } from '../../thread/read-ask.ts'
import { helpMessage } from '../blocks/help-message.ts'
import { casesMessage, planListMessage } from '../blocks/library-messages.ts'
import { jobForgottenMessage } from '../blocks/line-messages.ts'
import type { Message } from '../blocks/message.ts'
import { errorMessage } from '../blocks/notice-messages.ts'
import { runsMessage } from '../blocks/runs-message.ts'
import { handleFollowUp } from '../follow-ups/handle-follow-up.ts'
import { answerLine, replyToLine } from '../lines/answer-line.ts'
import { lineAsked } from '../lines/line-asked.ts'
import { forgetThreadJob } from '../lines/thread-job.ts'
import type { MessageEvent } from '../listeners/payloads.ts'
import type { SlackServices } from '../services.ts'
import { type Asker, checkAsker, checkExperiment, isAllowed, parseChannelRules } from './access.ts'
import { answerRun } from './answer-run.ts'
import { forgetAsked } from './forget.ts'
import { fetchSharedFile, isExperimentFile, sharedFiles } from './shared-files.ts'
import { type StartInput, type Subject, startRuns } from './start-runs.ts'

const lookupMs = 30_000

export interface AskInput {
  client: WebClient
  asker: Asker
  text: string
  files: MessageEvent['files']
  /** The thread the answer belongs in. */
  threadTs: string
  askTs: string
  /** The message to put 👀 on. */
  eyesTs: string | null
  /** Said in an existing thread, not as the start of one. */
  inThread: boolean
}

/** Answers what someone asked of the bot: starts runs, continues a thread, or helps with a real example. */
export async function handleAsk(services: SlackServices, input: AskInput): Promise<void> {
  const { records } = services
  const { asker, threadTs } = input
  try {
    await checkAsker(services.deps, input.client, asker)
  } catch (thrown) {
    return say(services, input, 'asker', () => Promise.reject(thrown))
  }
  const ask = readAsk(input.text)
  const own = input.inThread ? await records.threadRuns(asker.team, asker.channel, threadTs) : []
  const place = { team: asker.team, channel: asker.channel, threadTs }
  if (ask.verb === 'forget') {
    if (ask.ids.length === 0 && (await forgetThreadJob(services, place)) && own.length === 0)
      return say(services, input, 'forget', async () => jobForgottenMessage())
    const runs = ask.ids.length > 0 ? ask.ids : own
    return say(services, input, 'forget', () => forgetAsked(services, asker, runs))
  }
  const files = await sharedFiles(input.client, input.files ?? [])
  const hasSubject = ask.ids.length > 0 || ask.inline.length > 0 || files.some(isExperimentFile)
  if (own.length > 0 && (ask.verb === null || ask.verb === 'diagnose') && (await isAboutRuns(services, ask, own, hasSubject))) {
    await handleFollowUp(services, { ...input, runs: own, text: ask.text, addressed: true })
    return
  }
  const { lineJobs } = services.deps
  if (lineJobs !== undefined && ask.inline.length === 0 && files.length === 0 && own.length === 0) {
    const reply = input.inThread
      ? await replyToLine(services, place, { text: ask.text, addressed: ask.verb === null || ask.verb === 'plan' })
      : null
    if (reply !== null) return say(services, input, 'line', reply)
    const job = lineAsked(ask.text, lineJobs)
    if (job !== null) return say(services, input, 'line', () => answerLine(services, lineJobs, place, job))
  }
  if (ask.verb === 'experiments') return say(services, input, 'runs', () => runsAnswer(services, input, ask))
  if (Object.keys(ask.answers).length > 0 && ask.ids.length === 1 && (ask.verb === null || ask.verb === 'diagnose')) {
    const { askTs, eyesTs } = input
    try {
      return await answerRun(services, asker, { id: ask.ids[0]!, answers: ask.answers, threadTs, askTs, eyesTs })
    } catch (thrown) {
      return say(services, input, 'answer', () => Promise.reject(thrown))
    }
  }
  if (ask.verb === 'cases') return say(services, input, 'cases', () => casesAnswer(services, input, ask))
  if (ask.verb === 'plan' && ask.ids.length > 0) {
    for (const id of ask.ids.slice(0, maxIds)) await say(services, input, `plan-${id}`, () => planAnswer(services, input, id))
    return
  }
  if (!hasSubject) {
    const { intent } = read(ask.text, { mentioned: true, cards: 0 })
    if (intent === 'thanks')
      return services.outbox.react({ team: asker.team, channel: asker.channel, ts: input.askTs, name: 'raised_hands', add: true })
    if (input.inThread && ask.verb === null && intent !== 'question' && intent !== 'help' && intent !== 'ignore') {
      return say(services, input, 'gone', () =>
        Promise.reject(
          new PromptsError('unknown_run', 'There is no run of mine in this thread; it may have been deleted', {
            hint: 'Mention me with the experiment to diagnose it again.',
          }),
        ),
      )
    }
    const why = ask.verb === 'diagnose' ? 'I found no experiment id in that.' : undefined
    return say(services, input, 'help', () => help(services, input, why))
  }
  const start: StartInput = { asker, threadTs, askTs: input.askTs, eyesTs: input.eyesTs, subjects: [] }
  const subjects: Subject[] = ask.ids.slice(0, maxIds).map((id) => ({ kind: 'experiment', id }))
  const take = async (name: string, readText: () => Promise<string>) => {
    try {
      const experiment = await services.deps.readInline(await readText(), name, AbortSignal.timeout(lookupMs))
      subjects.push({ kind: 'inline', ...experiment })
    } catch (thrown) {
      await say(services, input, `file-${name}`, async () => errorMessage(asPromptsError(thrown), { about: name }))
    }
  }
  for (const text of ask.inline) await take('The experiment in your message', async () => text)
  for (const file of files.filter(isExperimentFile).slice(0, maxIds)) {
    await take(file.name, async () => {
      const signal = AbortSignal.timeout(lookupMs)
      return fetchSharedFile(file, { token: input.client.token ?? '', apiUrl: services.deps.config.SLACK_API_URL, signal })
    })
  }
  if (subjects.length > 0) await startRuns(services, { ...start, subjects })
  if (ask.ids.length > maxIds) {
    await say(services, input, 'many', () => help(services, input, `I take ${maxIds} ids at a time and left the others out.`))
  }
}

/** In a thread of ours: whether the words are about its runs, not about another experiment to diagnose. */
async function isAboutRuns({ records }: SlackServices, ask: Ask, own: readonly string[], hasSubject: boolean): Promise<boolean> {
  if (!hasSubject) return ask.verb === null
  if (ask.verb !== null || ask.inline.length > 0) return false
  const titles = (await Promise.all(own.map((run) => records.get(run)))).flatMap((record) => (record === null ? [] : [record.title]))
  const { intent } = read(ask.text, { mentioned: true, cards: 3, experiments: titles })
  if (intent !== 'question' && intent !== 'ignore') return true
  return intent === 'question' && ask.ids.every((id) => titles.includes(id)) && ask.text.trim() !== ask.ids[0]
}

/** Says something in the thread, or why it cannot be said. */
async function say(services: SlackServices, input: AskInput, part: string, make: () => Promise<Message>): Promise<void> {
  const { asker, threadTs, askTs } = input
  let answer: Message
  try {
    answer = await make()
  } catch (thrown) {
    const error = asPromptsError(thrown)
    services.deps.log.warn('a question was not answered', { id: error.id, code: error.code, message: error.message })
    answer = errorMessage(error)
  }
  await services.outbox.put({
    team: asker.team,
    key: `say/${asker.channel}/${askTs}/${part}`,
    channel: asker.channel,
    threadTs,
    message: answer,
  })
}

/** Help with examples that this channel may really ask for. */
export async function help(services: SlackServices, input: AskInput, why?: string): Promise<Message> {
  const rules = parseChannelRules(services.deps.config.PROMPTS_CHANNELS)
  const all = await services.deps.experiments.examples(input.asker.team, 50).catch(() => [])
  const examples = all.filter((id) => isAllowed(rules, input.asker.channel, id) === 'yes')
  return helpMessage({ examples, mention: '@prompts', ...(why === undefined ? {} : { why }) })
}

const maxRuns = 15

async function runsAnswer(services: SlackServices, input: AskInput, ask: Ask): Promise<Message> {
  const words = ask.words
  const { runs, silent } = await services.deps.experiments.runs(input.asker, words, maxRuns)
  return runsMessage(runs, words.join(' '), silent.length)
}

async function planAnswer(services: SlackServices, input: AskInput, id: string): Promise<Message> {
  checkExperiment(services.deps, input.asker.channel, id)
  if (services.deps.plan === undefined) return help(services, input, 'Plans are not available here; ask me to diagnose it instead.')
  return planListMessage(await services.deps.plan(input.asker.team, id, AbortSignal.timeout(lookupMs)))
}

async function casesAnswer(services: SlackServices, input: AskInput, ask: Ask): Promise<Message> {
  const words = ask.text.replace(/^\s*cases?\b\s*(?:list|search|for|of)?/i, '').trim()
  return casesMessage((await services.deps.cases?.(input.asker.team, words)) ?? [], words)
}
