import { setTimeout as sleep } from 'node:timers/promises'
import { asPromptsError, PromptsError } from '../errors.ts'
import { checkRedis, type RedisCheck } from './check-redis.ts'

const betweenTriesMs = 500

/**
 * Waits until Redis answers and can be written to, and says how it is set up.
 * @throws PromptsError `unavailable` with the reason when `deadlineMs` is over, at once where waiting cannot help (a wrong
 *   password); the signal's reason.
 */
export async function waitForRedis(
  url: string,
  options: { deadlineMs: number; signal: AbortSignal; onWait?: (reason: string) => void },
): Promise<RedisCheck> {
  const until = performance.now() + options.deadlineMs
  let told = false
  for (;;) {
    options.signal.throwIfAborted()
    try {
      return await checkRedis(url)
    } catch (thrown) {
      const error = asPromptsError(thrown)
      if (!error.retryable) throw error
      if (performance.now() >= until) {
        throw new PromptsError('unavailable', `${error.message} (waited ${Math.round(options.deadlineMs / 1000)} s)`, {
          hint: error.hint,
          cause: error.cause,
        })
      }
      if (!told) options.onWait?.(error.message)
      told = true
      await sleep(betweenTriesMs, undefined, { signal: options.signal })
    }
  }
}
