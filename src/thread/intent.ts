import type { ChipName } from '../contract/experiment.ts'
import type { Mesh } from '../contract/mesh.ts'
import { gatherFacts } from './facts.ts'
import { rules } from './rules.ts'

export const intents = [
  'ignore',
  'outcome',
  'outcome_confirm',
  'oom',
  'why_not',
  'what_if',
  'compare',
  'evidence',
  'cancel',
  'adopt',
  'undo',
  'question',
  'help',
  'thanks',
] as const
export type Intent = (typeof intents)[number]

/** What was said with it; only what was said stands here. */
export interface Value {
  step_time_ms?: number
  mesh?: Mesh
  batch_factor?: number
  global_batch?: number
  seq_len?: number
  microbatches?: number
  remat?: string
  slices?: number
  chip?: ChipName
  topology?: string
  cards?: number[]
  experiment?: string
}

export interface Reading {
  intent: Intent
  value: Value
  /** Why it was read so, or why it is left alone. */
  reason: string
  /** The job that an outcome names, where it names one. */
  job: string | null
  /** A run that ended badly for another reason than memory: in the person's words. */
  failed: string | null
  /** `10k steps`, of a question. */
  steps: number | null
}

export interface ReadContext {
  /** Said to the bot: by mention, button, dialog or command. Then silence is no answer. */
  mentioned: boolean
  /** How many cards the thread's diagnosis has. */
  cards: number
  /** The thread's experiments, where known: an outcome of another job is none of theirs. */
  experiments?: readonly string[]
}

/** Longer messages are talk unless addressed, and only so much of them is read. */
const maxLength = 2000
const longestUnaddressed = 400

/**
 * Reads what someone wrote in a thread of ours: what it asks for and the values in it. Pure: no clock, no I/O but the word list that ships with
 * the program. What was not said to the bot must be made of words that speak to it, else it is `ignore` with the reason; an outcome is only
 * ever an offer to record, whoever it was said to.
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
  const facts = gatherFacts(bounded, context.cards)
  if (facts.length === 0 && !(context.mentioned && /[?？]/.test(bounded))) return ignore('no words in it')
  if (!context.mentioned && facts.speaksToOthers) return ignore('it speaks to a person or points to a page')
  for (const rule of rules) {
    const found = rule(facts, context)
    if (found) return { ...plain, ...found }
  }
  return ignore('nothing in it speaks to the bot')
}
