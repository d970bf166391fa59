import type { OpenQuestion } from '../../contract/answers.ts'
import type { PromptsError } from '../../errors.ts'

/** An error that asks for the slice, as a question; null for any other. */
export function sliceQuestion(error: PromptsError): OpenQuestion | null {
  if (error.code !== 'slice_unknown') return null
  return { name: 'slice', why: lowered(error.message), choices: error.choices.map(({ value }) => value), needed: true }
}

function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
