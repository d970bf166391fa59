import { PromptsError } from '../../errors.ts'
import type { ExperimentSource } from '../sources/experiment-source.ts'

/** What one source answered: a value, or why there is none. */
export type SourceAnswer<T> =
  | { source: ExperimentSource; value: T; failure: null }
  | { source: ExperimentSource; value: null; failure: PromptsError }

/**
 * Asks all sources at the same time. One that takes longer than `deadlineMs` is given up; what it and every unreachable one did
 * not answer is a failure in its place. Other errors (an experiment that is there and wrong) are thrown.
 */
export async function askSources<T>(
  sources: readonly ExperimentSource[],
  ask: (source: ExperimentSource, signal: AbortSignal) => Promise<T>,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<SourceAnswer<T>[]> {
  return Promise.all(
    sources.map(async (source): Promise<SourceAnswer<T>> => {
      const deadline = AbortSignal.timeout(deadlineMs)
      const both = AbortSignal.any([signal, deadline])
      try {
        return { source, value: await orAborted(ask(source, both), both), failure: null }
      } catch (error) {
        signal.throwIfAborted()
        if (deadline.aborted) return { source, value: null, failure: slow(source, deadlineMs, error) }
        if (error instanceof PromptsError && error.code === 'unavailable') return { source, value: null, failure: error }
        throw error
      }
    }),
  )
}

/** A client that does not heed its signal must not hold the others up. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

function slow(source: ExperimentSource, deadlineMs: number, cause: unknown): PromptsError {
  return new PromptsError('unavailable', `${source.name} did not answer in ${deadlineMs / 1000} s`, {
    hint: 'Is it running? PROMPTS_SOURCE_SECONDS gives a slow one more time.',
    cause,
  })
}
