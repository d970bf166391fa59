import { type Clock, systemClock } from '../../src/clock.ts'

/** A clock that runs `factor` times as fast as the wall's from this moment on: a second's pace takes a tenth of it at 10. */
export function fastClock(factor: number): Clock {
  const began = Date.now()
  return {
    now: () => began + (Date.now() - began) * factor,
    sleep: (ms, signal) => systemClock.sleep(ms / factor, signal),
    every: (ms, work) => systemClock.every(Math.max(1, ms / factor), work),
  }
}
