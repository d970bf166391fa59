import type { Content } from '@google/genai'
import type { RunEvent } from '../../contract/run.ts'

/** So many turns of a thread go with a question: what was said before that is in the run's data. */
const turns = 6
const turnLength = 1500

/**
 * What was asked and answered in a run's thread before, oldest first, as a conversation; an answer without its question is left
 * out.
 */
export function historyOf(events: readonly RunEvent[]): Content[] {
  const said: { question: string; answer: string }[] = []
  let question: string | null = null
  for (const { kind, name, data } of events) {
    const text = (data as { text?: unknown } | null)?.text
    if (typeof text !== 'string') continue
    if (kind === 'user_input' && name === 'follow-up') question = text
    // the model's own raw turn is recorded beside the answer that was shown
    else if (kind === 'model_output' && question !== null && !name.startsWith('question ')) {
      said.push({ question, answer: text })
      question = null
    }
  }
  const part = (text: string) => [{ text: text.slice(0, turnLength) }]
  return said.slice(-turns).flatMap((one): Content[] => [
    { role: 'user', parts: part(one.question) },
    { role: 'model', parts: part(one.answer) },
  ])
}
