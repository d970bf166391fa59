import { expect, it } from 'vitest'
import { silentLog } from '../../src/slack/log.ts'
import { quietLog } from '../../src/slack/quiet-log.ts'

it('writes a warning once in ten seconds, counts what it kept back, and keeps back no error or other warning', () => {
  let now = 0
  const lines: string[] = []
  const write = (level: string) => (message: string, data?: Record<string, unknown>) =>
    void lines.push(`${level} ${message} ${JSON.stringify(data)}`)
  const log = quietLog({ ...silentLog, warn: write('warn'), error: write('error') }, { now: () => now })
  for (let at = 0; at < 236; at += 1) {
    now = at * 100
    log.warn('Redis', { error: 'READONLY You can’t write against a read only replica.' })
  }
  expect(lines).toHaveLength(3)
  expect(lines[1]).toContain('"times_since_the_last":99')
  log.warn('Redis', { error: 'connect ECONNREFUSED' })
  log.error('a run failed', {})
  log.error('a run failed', {})
  expect(lines).toHaveLength(6)
})
