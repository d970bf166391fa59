import { type Logger, LogLevel } from '@slack/bolt'
import type { Log } from './log.ts'

/** Where a body begins in what Slack's libraries write: a brace, a bracket, or the word itself. */
const body = /[{[]|\bbody\b/
const token = /\bx(?:ox[a-z]|app)-[\w-]+/g
const longest = 300

/**
 * Bolt's log, through ours. Objects are left out, and of text what follows once a body begins: they hold tokens and what people
 * wrote.
 */
export function toBoltLogger(log: Log): Logger {
  const words = (parts: unknown[]) =>
    parts
      .map((part) => (part instanceof Error ? part.message : typeof part === 'string' ? part : ''))
      .join(' ')
      .split(body, 1)[0]!
      .replaceAll(token, 'x…')
      .slice(0, longest)
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
