import type { Config } from '../config.ts'
import type { Log } from '../slack/log.ts'

const levels = ['debug', 'info', 'warn', 'error', 'silent'] as const

/** A log of one JSON object a line on stderr, from the configured level on. */
export function createStderrLog(
  level: Config['PROMPTS_LOG_LEVEL'],
  write: (line: string) => void = (line) => process.stderr.write(line),
): Log {
  const from = levels.indexOf(level)
  const at =
    (name: (typeof levels)[number]) =>
    (message: string, data: Record<string, unknown> = {}) => {
      if (levels.indexOf(name) >= from) write(`${JSON.stringify({ at: new Date().toISOString(), level: name, message, ...data })}\n`)
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
