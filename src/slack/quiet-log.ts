import type { Log } from './log.ts'

export interface QuietLogOptions {
  /** The same warning is written once in this time; what it kept back is counted in the next. */
  everyMs?: number
  /** Milliseconds that only go forward. */
  now?: () => number
}

const mostKinds = 500

/**
 * A log whose warnings of one kind come once in ten seconds: a Redis that is away must not fill a disk. Errors are all written.
 */
export function quietLog(log: Log, { everyMs = 10_000, now = () => performance.now() }: QuietLogOptions = {}): Log {
  const said = new Map<string, { at: number; kept: number }>()
  return {
    ...log,
    warn(message, data = {}) {
      const kind = `${message} ${typeof data['error'] === 'string' ? data['error'].slice(0, 80) : ''}`
      const before = said.get(kind)
      if (before !== undefined && now() - before.at < everyMs) {
        before.kept += 1
        return
      }
      if (said.size >= mostKinds) said.clear()
      said.set(kind, { at: now(), kept: 0 })
      log.warn(message, before === undefined || before.kept === 0 ? data : { ...data, times_since_the_last: before.kept })
    },
  }
}
