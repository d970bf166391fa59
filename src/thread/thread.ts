import type { QuestionOptions } from '../agents/deps.ts'
import { asPromptsError } from '../errors.ts'
import type { RunDeps } from '../runs/deps.ts'
import type { FinishedRun } from '../runs/results.ts'
import { createRunReader } from '../runs/run-reader.ts'
import { answerTopic } from './answers/answer-topic.ts'
import { compareCards } from './answers/compare-cards.ts'
import { showEvidence } from './answers/show-evidence.ts'
import { otherPrecision, whatIf } from './answers/what-if.ts'
import { whyNot } from './answers/why-not.ts'
import { deepQuestion } from './deep-question.ts'
import { nearestQuestions } from './nearest-questions.ts'
import type { Intent, Reading, Value } from './reading.ts'
import { readTopic } from './topic.ts'

export interface ThreadQuestion {
  run: string
  tenant: string
  text: string
  by: string
  reading: Reading
}

export interface ThreadAnswer {
  /** What was answered; `unknown` where nothing could be. */
  kind: Intent | 'unknown'
  /** Plain text with short lines and no markup of any chat system. */
  text: string
  /** Questions that can be answered, to be asked with a click, where this one could not. */
  instead?: readonly string[]
}

/** Answers questions about finished runs. It records nothing but the conversation. */
export interface Thread {
  /**
   * @throws PromptsError `unknown_run` for a run of another tenant or without a diagnosis, `bad_arguments` for a change that no
   * job may have.
   */
  answer(question: ThreadQuestion, options: QuestionOptions): Promise<ThreadAnswer>
}

/**
 * The answers over the run store and the planner: computed where they can be; a free question goes to a model where one is
 * configured.
 */
export function createThread(deps: RunDeps): Thread {
  const reader = createRunReader(deps)
  return {
    async answer(question, options) {
      const { run, tenant, text, by } = question
      await reader.request(run, tenant)
      await deps.memory.append(run, { kind: 'user_input', name: 'follow-up', data: { text: text.slice(0, 4000), by } })
      try {
        const answer = await answerOf(deps, question, () => reader.finished(run, tenant), options)
        await deps.memory.append(run, { kind: 'model_output', name: answer.kind, data: { text: answer.text } })
        return answer
      } catch (thrown) {
        const error = asPromptsError(thrown)
        const data = { code: error.code, message: error.message, id: error.id }
        await deps.memory.append(run, { kind: 'error', name: 'follow-up', data })
        throw error
      }
    },
  }
}

async function answerOf(
  deps: RunDeps,
  question: ThreadQuestion,
  finished: () => Promise<FinishedRun>,
  options: QuestionOptions,
): Promise<ThreadAnswer> {
  const { text, reading } = question
  const { intent, value } = reading
  const kind = intent
  const cards = value.cards ?? []
  const reach = { deps, signal: options.signal }
  const deep = deepQuestion(text)
  if (deep !== null) {
    const asked = await deps.answerQuestion?.({ text: deep, deep: true, finished, options })
    if (asked) return { kind: 'question', text: asked }
    const why = deps.answerQuestion ? 'The model gave no answer that stands' : 'Going deeper takes a model: set GEMINI_API_KEY'
    return { kind: 'unknown', text: `${why}.`, instead: nearestQuestions(deep) }
  }
  switch (intent) {
    case 'evidence':
      return { kind, text: showEvidence((await finished()).diagnosis, cards) }
    case 'compare':
      return { kind, text: compareCards(await finished(), cards) }
    case 'why_not': {
      const changes = changesOf(value)
      if (Object.keys(changes).length > 0) return { kind, text: await whatIf(await finished(), { mesh: value.mesh ?? {}, changes }, reach) }
      return { kind, text: whyNot(await finished(), { mesh: value.mesh ?? {}, card: cards[0] ?? null }) }
    }
    case 'what_if':
      return { kind, text: await whatIf(await finished(), { mesh: value.mesh ?? {}, changes: changesOf(value) }, reach) }
    default: {
      const topic = readTopic(text)
      if (topic.about === 'precision') return { kind: 'question', text: await otherPrecision(await finished(), topic.precision, reach) }
      const known = topic.about === null ? null : answerTopic(await finished(), topic)
      if (known !== null) return { kind: 'question', text: known }
      const reread = await classified(deps, question, options)
      if (reread !== null) return answerOf(deps, { ...question, reading: reread }, finished, options)
      const asked = await deps.answerQuestion?.({ text, finished, options })
      if (asked) return { kind: 'question', text: asked }
      return { kind: 'unknown', text: "I can't answer that from this run.", instead: nearestQuestions(text) }
    }
  }
}

/** The kinds of question that a model may read an open message as; all are answered by computing. */
const rereadable: readonly Intent[] = ['why_not', 'what_if', 'compare', 'evidence']

/**
 * What the rules left open, read by a model where one is configured. Never a recording: its reading is answered, and changes
 * nothing.
 */
async function classified(
  deps: RunDeps,
  { run, tenant, text, reading }: ThreadQuestion,
  { signal }: QuestionOptions,
): Promise<Reading | null> {
  if (reading.intent !== 'question') return null
  const read = await deps.classifyMessage?.({ text, run, tenant, signal })
  if (!read || !rereadable.includes(read.intent)) return null
  const value: Value = Object.fromEntries(Object.entries(read.value).filter(([, said]) => said !== undefined))
  const needed = { why_not: ['mesh', 'cards'], what_if: Object.keys(value).filter((name) => name !== 'cards'), compare: ['cards'] }
  const names = read.intent in needed ? needed[read.intent as keyof typeof needed] : null
  if (names !== null && !names.some((name) => name in value)) return null
  return { ...reading, intent: read.intent, value, reason: 'read by the model' }
}

function changesOf({ mesh: _mesh, cards: _cards, step_time_ms: _step, experiment: _experiment, ...changes }: Value) {
  return changes
}
