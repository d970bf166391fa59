import { z } from 'zod'

/** What a named model says, by its name in an experiment file. */
export const dimNames = ['layers', 'embed', 'mlp', 'heads', 'kv_heads', 'head_dim', 'vocab', 'experts_per_token'] as const

/**
 * What people may say of a run that nothing else says, by its name in an experiment file; `slice` is its hardware, `place` which
 * of several places that have it is meant.
 */
export const answerNames = [
  'slice',
  'place',
  'model',
  'mesh',
  'phase',
  ...dimNames,
  'global_batch',
  'seq_len',
  'microbatches',
  'pipeline_microbatches',
  'remat',
  'optimizer',
] as const
export type AnswerName = (typeof answerNames)[number]

/** What was said of a run, as `name=value` has it: `seq_len` 4096, `mesh` `data=8,model=2`. */
export const answersSchema = z.partialRecord(z.enum(answerNames), z.string().min(1).max(200))
export type Answers = z.infer<typeof answersSchema>

/** Something that nothing says of a run, with the likely answers. */
export const openQuestionSchema = z.object({
  name: z.enum(answerNames),
  why: z.string(),
  choices: z.array(z.string()),
  /** Without an answer there are no cards; else what is taken meanwhile stands in the notes. */
  needed: z.boolean(),
})
export type OpenQuestion = z.infer<typeof openQuestionSchema>

/** `seq_len=4096`, and for a mesh its axes alone: what is to be written to give these answers. */
export function sayAnswers(answers: Answers): string {
  return Object.entries(answers)
    .map(([name, value]) => (name === 'mesh' ? value.replaceAll(',', ' ') : `${name}=${value}`))
    .join(' ')
}

/** The first of the likely answers of each question; null where one of them has none. */
export function likeliest(questions: readonly OpenQuestion[]): Answers | null {
  if (questions.some(({ choices }) => choices.length === 0)) return null
  return Object.fromEntries(questions.map(({ name, choices }) => [name, choices[0]]))
}

/** How the note begins that says what cards wait for. */
export const untilSaid = 'No cards until someone says'
