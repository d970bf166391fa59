import { setTimeout as sleep } from 'node:timers/promises'

const retryable: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504])

export interface RetryOptions {
  signal: AbortSignal
  attempts?: number
  /** The first wait; it doubles, up to `longestWaitMs`, with up to half of it added at random. */
  firstWaitMs?: number
  longestWaitMs?: number
  onRetry?: (attempt: number, error: unknown) => void
}

/**
 * Tries again on 408, 429 and 5xx and on a broken connection, with waits that double; other errors and the last one are thrown.
 */
export async function withRetries<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const attempts = options.attempts ?? 4
  for (let attempt = 1; ; attempt++) {
    options.signal.throwIfAborted()
    try {
      return await work()
    } catch (error) {
      if (attempt >= attempts || options.signal.aborted || !isTransient(error)) throw error
      options.onRetry?.(attempt, error)
      const wait = Math.min((options.firstWaitMs ?? 500) * 2 ** (attempt - 1), options.longestWaitMs ?? 8000)
      await sleep(wait * (1 + Math.random() / 2), undefined, { signal: options.signal })
    }
  }
}

function isTransient(error: unknown): boolean {
  const { status, name, message } = error as { status?: number; name?: string; message?: string }
  if (typeof status === 'number') return retryable.has(status)
  return name !== 'AbortError' && /fetch failed|network|socket|ECONN|terminated/i.test(message ?? '')
}
