import type { AnyBlock } from '@slack/types'
import { type AnswerName, type Answers, likeliest, type OpenQuestion, sayAnswers } from '../../contract/answers.ts'
import type { Choice } from '../../errors.ts'
import { actions, button, section } from './message.ts'
import { escapeCode, escapeText } from './text.ts'

const mostButtons = 10
const mostQuestions = 6

/** What engineers call it, where that is not its name in a file. */
const words: Partial<Record<AnswerName, string>> = {
  global_batch: 'batch, in sequences per step',
  seq_len: 'length of a sequence',
  kv_heads: 'heads of keys and values',
  experts_per_token: 'experts per token',
  remat: 'recomputation (remat policy)',
}

/**
 * Everything that is open of a run as one question: a line and the likely answers as buttons for each thing, one button for the
 * likeliest of all, and how an answer is written that is none of these. Empty where nothing is open.
 */
export function questionBlocks(run: string, title: string, questions: readonly OpenQuestion[]): AnyBlock[] {
  const asked = questions.slice(0, mostQuestions)
  if (asked.length === 0) return []
  const needed = asked.filter((question) => question.needed)
  const lead =
    needed.length > 0
      ? ':question: *What ran?* Nothing says this; a click answers it, and the cards follow.'
      : ':question: *One thing more.* Nothing says this, and memory and time depend on it; a click makes them those of your run.'
  const blocks: AnyBlock[] = [section(lead)]
  for (const [at, { name, why, choices }] of asked.entries()) {
    blocks.push(section(`*${words[name] ?? name}*: ${escapeText(why, 500)}`))
    if (choices.length > 0) blocks.push(answerButtons(run, name, choices.map(asChoice), at))
  }
  const all = needed.length > 1 ? likeliest(needed) : null
  if (all !== null) blocks.push(actions(button(`The first of each: ${sayAnswers(all)}`, 'answer_all', { run, answers: all }, 'primary')))
  const example: Answers = Object.fromEntries(asked.map(({ name, choices }) => [name, choices[0] ?? '…']))
  blocks.push(
    section(`Something else? Write \`diagnose ${escapeCode(title, 150)} ${escapeCode(sayAnswers(example), 300)}\` with what is true.`),
  )
  return blocks
}

/** The likely answers of one question; a click remembers it and diagnoses the run again. */
export function answerButtons(run: string, name: AnswerName, choices: readonly Choice[], at: number): ReturnType<typeof actions> {
  const shown = choices.slice(0, mostButtons)
  return actions(...shown.map(({ label, value }, i) => button(label, `answer_${at}_${i}`, { run, answers: { [name]: value } })))
}

function asChoice(value: string): Choice {
  return { label: value, value }
}
