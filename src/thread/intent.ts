import { deepQuestion } from './deep-question.ts'
import { gatherFacts } from './facts.ts'
import type { ReadContext, Reading } from './reading.ts'
import { rules } from './rules.ts'

/** Longer messages are talk unless addressed, and only so much of them is read. */
const maxLength = 2000
const longestUnaddressed = 400

/**
 * Reads what someone wrote in a thread of ours: what it asks for and the values in it. Pure: no clock, no I/O but the word list
 * that ships with the program. What was not said to the bot must be made of words that speak to it, else it is `ignore` with the
 * reason; an outcome is only ever an offer to record, whoever it was said to.
 */
export function read(text: string, context: ReadContext): Reading {
  const quietly = decide(text, { ...context, mentioned: false })
  // what would be understood without a mention means the same with one
  return context.mentioned && quietly.intent === 'ignore' ? decide(text, context) : quietly
}

function decide(text: string, context: ReadContext): Reading {
  const plain = { value: {}, job: null, failed: null, steps: null }
  const ignore = (reason: string): Reading => ({ ...plain, intent: 'ignore', reason })
  const bounded = text.slice(0, maxLength)
  if (!context.mentioned && text.trim().length > longestUnaddressed)
    return ignore('longer than what people write to the bot without a mention')
  if (deepQuestion(bounded) !== null && (context.mentioned || /^\W*go deeper\b/i.test(bounded)))
    return { ...plain, intent: 'question', reason: 'a closer look is asked for' }
  const facts = gatherFacts(bounded, context.cards)
  if (facts.length === 0 && !(context.mentioned && /[?？]/.test(bounded))) return ignore('no words in it')
  if (!context.mentioned && facts.speaksToOthers) return ignore('it speaks to a person or points to a page')
  for (const rule of rules) {
    const found = rule(facts, context)
    if (found) return { ...plain, ...found }
  }
  return ignore('nothing in it speaks to the bot')
}
