import { type ErrorCode, PromptsError } from '../errors.ts'

/** A task on its way into a thread. Everything in it is plain data. */
export interface TaskMessage {
  task: string
  input: unknown
}

/** An error on its way out of a thread, with all that a PromptsError says. */
export interface SentError {
  code: ErrorCode
  message: string
  hint: string
  retryable: boolean
  stack: string
}

export type ThreadAnswer = { value: unknown } | { error: SentError }

/** What is thrown for an error that a thread sent. */
export function receivedError({ code, message, hint, retryable, stack }: SentError): PromptsError {
  return new PromptsError(code, message, { hint, retryable, cause: stack })
}
