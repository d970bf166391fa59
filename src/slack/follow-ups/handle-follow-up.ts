import { asPromptsError, PromptsError } from '../../errors.ts'
import { deepDeadlineMs, deepQuestion } from '../../thread/deep-question.ts'
import { read } from '../../thread/intent.ts'
import type { Reading } from '../../thread/reading.ts'
import { yesOrNo } from '../../thread/yes-or-no.ts'
import { helpMessage } from '../blocks/help-message.ts'
import type { Message } from '../blocks/message.ts'
import { errorMessage, noAnswerMessage, replyMessage, whichRunMessage } from '../blocks/notice-messages.ts'
import type { Asker } from '../requests/access.ts'
import { cancelRun } from '../runs/cancel-run.ts'
import type { SlackServices } from '../services.ts'
import { chooseRun } from './choose-run.ts'
import { lookSlowly } from './look-slowly.ts'
import { offerOf } from './offer-of.ts'

const deadlineMs = 90_000
/** As many cards as an answer may have. */
const cards = 3
const cancelled = 3

export interface FollowUpInput {
  asker: Asker
  threadTs: string
  askTs: string
  /** The thread's runs, the newest last; or the one that a button or dialog is of. */
  runs: readonly string[]
  text: string
  /** Said to the bot (a mention, a modal): then silence is no answer. */
  addressed: boolean
}

/** How a message of a thread is read; null where it is nothing to us. An answer to an offer of ours is one too. */
export async function readInThread(services: SlackServices, input: FollowUpInput): Promise<Reading | 'answers_offer' | null> {
  const { asker, threadTs } = input
  if (yesOrNo(input.text) !== null && (await services.offers.open({ ...asker, threadTs }, asker.user)) !== null) return 'answers_offer'
  const titles = await Promise.all(input.runs.map(async (run) => (await services.records.get(run))?.title))
  const experiments = titles.filter((title) => title !== undefined)
  const reading = read(input.text, { mentioned: input.addressed, cards, experiments })
  return reading.intent === 'ignore' ? null : reading
}

/** Answers a message in a thread of ours. What is nothing to us is left alone. */
export async function handleFollowUp(services: SlackServices, input: FollowUpInput): Promise<void> {
  const { deps, outbox } = services
  const { asker, threadTs } = input
  let answer: Message | null
  const stopLooking = lookSlowly(services, input)
  try {
    answer = await answerTo(services, input)
  } catch (thrown) {
    const error = asPromptsError(thrown)
    const { id, code } = error
    deps.log.warn('a follow-up failed', { runs: input.runs, id, code, message: error.message, cause: String(error.cause ?? '') })
    answer = errorMessage(error, input.runs.length === 1 ? { run: input.runs[0] ?? '' } : {})
  } finally {
    await stopLooking()
  }
  if (answer === null) return
  await outbox.put({ team: asker.team, key: replyKey(input), channel: asker.channel, threadTs, message: answer })
}

async function answerTo(services: SlackServices, input: FollowUpInput): Promise<Message | null> {
  const { deps, records, outbox } = services
  const { asker, threadTs, askTs } = input
  const reading = await readInThread(services, input)
  if (reading === null) return null
  if (reading === 'answers_offer') return answerOffer(services, input)
  deps.log.info('a message in a thread was read', { intent: reading.intent, reason: reading.reason, addressed: input.addressed })
  if (reading.intent === 'thanks') {
    await outbox.react({ team: asker.team, channel: asker.channel, ts: askTs, name: 'raised_hands', add: true })
    return null
  }
  if (reading.intent === 'cancel') {
    const where = { by: asker.user, team: asker.team, channel: asker.channel, threadTs }
    for (const run of input.runs.slice(-cancelled)) await cancelRun(services, { run, ...where })
    return null
  }
  const chosen = await chooseRun(services, { runs: input.runs, text: input.text, reading })
  if (chosen.run === null) return whichRunMessage({ runs: chosen.between, text: input.text })
  const record = await records.get(chosen.run)
  if (record === null) {
    if (!input.addressed) return null
    throw new PromptsError('unknown_run', 'This run has been deleted', { hint: 'Mention me with the experiment to diagnose it again.' })
  }
  if (reading.intent === 'help') return helpMessage({ examples: [record.title], mention: '@prompts' })
  const diagnosis = await deps.memory.diagnosis(record.run)
  if (diagnosis === null) {
    const [end, failure] = await Promise.all([records.ended(record.run), records.failure(record.run)])
    return noAnswerMessage({ run: record.run, title: record.title, end, failure })
  }
  if (reading.intent === 'undo') return services.offers.takeBack(record, { channel: asker.channel, threadTs }, asker.user)
  const offer = await offerOf(services, { record, reading, diagnosis, asker, threadTs, askTs })
  if (offer !== null) {
    await services.offers.make(record, offer)
    return null
  }
  const question = { run: record.run, tenant: asker.team, text: input.text, by: asker.user, reading }
  const stream = outbox.stream({ team: asker.team, channel: asker.channel, threadTs, user: asker.user }, replyKey(input))
  try {
    const answer = await deps.thread.answer(question, {
      signal: AbortSignal.timeout(deepQuestion(input.text) === null ? deadlineMs : deepDeadlineMs),
      onText: (text) => stream.show(text),
    })
    return replyMessage(answer.text, { run: record.run, instead: answer.instead ?? [] })
  } finally {
    await stream.end()
  }
}

function replyKey({ asker, askTs }: FollowUpInput): string {
  return `reply/${asker.channel}/${askTs}`
}

/** "yes", "no", "yes, card 2": to what this person was asked last in this thread. */
async function answerOffer(services: SlackServices, { asker, threadTs, text }: FollowUpInput): Promise<null> {
  const open = await services.offers.open({ ...asker, threadTs }, asker.user)
  const said = yesOrNo(text)
  if (open === null || said === null) return null
  const rank = said.card === 1 || said.card === 2 || said.card === 3 ? said.card : null
  await services.offers.answer(open.id, { user: asker.user, team: asker.team, yes: said.yes, rank })
  return null
}
