import { PromptsError } from '../errors.ts'

/** Lets `limit` pass at once; at most `queueLimit` wait, in order; a waiter leaves when its signal aborts. */
export interface Semaphore {
  /** Resolves to the function that gives the place back. @throws PromptsError `too_large` when too many wait, `cancelled`. */
  acquire(signal: AbortSignal): Promise<() => void>
}

export function createSemaphore(limit: number, queueLimit: number): Semaphore {
  let free = limit
  const waiting: (() => void)[] = []
  const release = () => {
    const next = waiting.shift()
    if (next) next()
    else free++
  }
  const once = () => {
    let given = false
    return () => {
      if (!given) release()
      given = true
    }
  }
  return {
    acquire(signal) {
      if (signal.aborted) return Promise.reject(cancelled())
      if (free > 0) {
        free--
        return Promise.resolve(once())
      }
      if (waiting.length >= queueLimit)
        return Promise.reject(
          new PromptsError('too_large', `${queueLimit} already wait`, { hint: 'Try again later, or allow more at once.' }),
        )
      return new Promise((resolve, reject) => {
        const enter = () => {
          signal.removeEventListener('abort', leave)
          resolve(once())
        }
        const leave = () => {
          waiting.splice(waiting.indexOf(enter), 1)
          reject(cancelled())
        }
        waiting.push(enter)
        signal.addEventListener('abort', leave, { once: true })
      })
    },
  }
}

function cancelled(): PromptsError {
  return new PromptsError('cancelled', 'Cancelled while waiting', { hint: '' })
}
