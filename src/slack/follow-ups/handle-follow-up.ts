import { asPromptsError, PromptsError } from '../../errors.ts'
import { helpMessage } from '../blocks/help-message.ts'
import type { Message } from '../blocks/message.ts'
import { errorMessage, noAnswerMessage, outcomeMessage, replyMessage } from '../blocks/notice-messages.ts'
import type { Asker } from '../requests/access.ts'
import { cancelRun } from '../runs/cancel-run.ts'
import type { SlackServices } from '../services.ts'
import { isOutcome, outcomeExperiment } from './is-follow-up.ts'

const deadlineMs = 90_000
/** An answer that takes longer shows that it is being looked at. */
const slowMs = 1500

export interface FollowUpInput {
  asker: Asker
  threadTs: string
  askTs: string
  run: string
  text: string
  /** Said to the bot (a mention, a modal): then silence is no answer. */
  addressed: boolean
}

/** Answers a message in a run's thread. */
export async function handleFollowUp(services: SlackServices, input: FollowUpInput): Promise<void> {
  const { deps, outbox } = services
  const { asker, threadTs, askTs } = input
  let answer: Message | null
  const stopLooking = lookAtSlowly(services, input)
  try {
    answer = await answerTo(services, input)
  } catch (thrown) {
    const error = asPromptsError(thrown)
    deps.log.warn('a follow-up failed', {
      run: input.run,
      id: error.id,
      code: error.code,
      message: error.message,
      cause: String(error.cause ?? ''),
    })
    answer = errorMessage(error, { run: input.run })
  } finally {
    await stopLooking()
  }
  if (answer === null) return
  await outbox.put({ team: asker.team, key: `reply/${asker.channel}/${askTs}`, channel: asker.channel, threadTs, message: answer })
}

/** 👀 on a question whose answer takes more than a moment (a model writes it), until it is there. */
function lookAtSlowly({ outbox }: SlackServices, { asker, askTs }: FollowUpInput): () => Promise<void> {
  if (!/^\d+\.\d+$/.test(askTs)) return async () => {}
  const eyes = { team: asker.team, channel: asker.channel, ts: askTs, name: 'eyes' }
  let looking: Promise<void> | null = null
  const timer = setTimeout(() => {
    looking = outbox.react({ ...eyes, add: true }).catch(() => {})
  }, slowMs)
  return async () => {
    clearTimeout(timer)
    if (looking === null) return
    await looking
    await outbox.react({ ...eyes, add: false }).catch(() => {})
  }
}

async function answerTo(services: SlackServices, input: FollowUpInput): Promise<Message | null> {
  const { deps, adoption, records } = services
  const { asker } = input
  const run = await runOf(services, input)
  const experiment = outcomeExperiment(input.text)
  if (experiment !== null) {
    const adopted = await adoption.current(asker.team, run)
    if (adopted === null && !input.addressed) return null
    if (adopted !== null) return outcomeOf(services, input, run, experiment)
  }
  const record = await records.get(run)
  if (record === null) {
    if (!input.addressed) return null
    throw new PromptsError('unknown_run', 'The run of this thread is not kept any more', {
      hint: 'Mention me with the experiment to diagnose it anew.',
    })
  }
  if ((await deps.memory.diagnosis(run)) === null) {
    const [end, failure] = await Promise.all([records.ended(run), records.failure(run)])
    return noAnswerMessage({ run, title: record.title, end, failure })
  }
  const signal = AbortSignal.timeout(deadlineMs)
  const answer = await deps.diagnose.followUp({ run, tenant: asker.team, text: input.text, by: asker.user }, { signal })
  if (answer.kind === 'cancel') {
    await cancelRun(services, { run, by: asker.user, team: asker.team, channel: asker.channel, threadTs: input.threadTs })
    return null
  }
  if (answer.case !== null) return outcomeMessage({ by: asker.user, case: answer.case })
  if (answer.kind === 'unknown') {
    if (!input.addressed) return null
    return helpMessage({ examples: [record.title], mention: '@prompts', why: answer.text })
  }
  return replyMessage(answer.text)
}

/** "It ran as exp-124": that experiment's own step time is the outcome. */
async function outcomeOf(services: SlackServices, input: FollowUpInput, run: string, experiment: string): Promise<Message | null> {
  const { deps } = services
  let stepTimeMs: number | null
  try {
    stepTimeMs = await deps.experiments.stepTimeMs(experiment)
  } catch (error) {
    // people also write single words to each other
    if (!input.addressed && asPromptsError(error).code === 'unknown_experiment' && !/\s/.test(input.text.trim())) return null
    throw error
  }
  if (stepTimeMs === null) {
    throw new PromptsError('impossible_measurement', `${experiment} has no step time yet`, { hint: 'Write it here: it ran at 22.9 s' })
  }
  const written = await deps.diagnose.outcome({
    run,
    outcome: { result: 'ok', stepTimeMs },
    by: input.asker.user,
    tenant: input.asker.team,
  })
  return outcomeMessage({ by: input.asker.user, case: written })
}

/** Of several runs in a thread: the one of the adopted card for an outcome, the one that is named, the newest that has an answer, the newest. */
async function runOf({ records, adoption, deps }: SlackServices, input: FollowUpInput): Promise<string> {
  const { team, channel } = input.asker
  const runs = (await records.threadRuns(team, channel, input.threadTs)).toReversed()
  // a button's or a dialog's own
  if (runs.length < 2 || !runs.includes(input.run) || input.askTs.startsWith('modal-')) return input.run
  if (isOutcome(input.text)) {
    for (const run of runs) if ((await adoption.current(team, run)) !== null) return run
  }
  for (const run of runs) {
    const title = (await records.get(run))?.title
    if (title !== undefined && input.text.includes(title)) return run
  }
  for (const run of runs) if ((await deps.memory.diagnosis(run)) !== null) return run
  return input.run
}
