import { type Logger, LogLevel } from '@slack/bolt'
import type { Log } from './log.ts'

/** Bolt's log, through ours. Objects are left out: they may hold tokens. */
export function toBoltLogger(log: Log): Logger {
  const words = (parts: unknown[]) =>
    parts.map((part) => (part instanceof Error ? part.message : typeof part === 'string' ? part : '')).join(' ')
  let level = LogLevel.INFO
  return {
    debug: (...parts) => log.debug(words(parts)),
    info: (...parts) => log.debug(words(parts)),
    warn: (...parts) => log.warn(words(parts)),
    error: (...parts) => log.error(words(parts)),
    setLevel: (next) => {
      level = next
    },
    getLevel: () => level,
    setName: () => {},
  }
}
