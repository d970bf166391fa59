import { setTimeout as sleep } from 'node:timers/promises'

/** Time, for what paces, waits or expires. Tests pass one that runs faster than the wall's. */
export interface Clock {
  /** Milliseconds since 1970 when the process started, and steadily from there: a step of the host's clock changes nothing. */
  now(): number
  /** Waits; rejects when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Does something again and again until the returned function is called; keeps no process alive. */
  every(ms: number, work: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
  every(ms, work) {
    const timer = setInterval(work, ms)
    timer.unref()
    return () => clearInterval(timer)
  },
}
