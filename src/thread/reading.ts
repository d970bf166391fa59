import type { ChipName } from '../contract/chip.ts'
import type { Mesh } from '../contract/mesh.ts'

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

/** What one rule makes of a message; what it leaves out is null. */
export type Found = Pick<Reading, 'intent' | 'value' | 'reason'> & Partial<Reading>
