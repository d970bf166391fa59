/** What the Slack app, the outbox and the workers write their log through; the caller decides where it goes. */
export interface Log {
  debug(message: string, data?: Record<string, unknown>): void
  info(message: string, data?: Record<string, unknown>): void
  warn(message: string, data?: Record<string, unknown>): void
  error(message: string, data?: Record<string, unknown>): void
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
