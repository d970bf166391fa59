import { expect, it } from 'vitest'
import { Reactions } from '../../../src/slack/adoption/reactions.ts'
import { silentLog } from '../../../src/slack/log.ts'
import { SqliteStateStore } from '../../../src/state/sqlite-state-store.ts'

it('applies a reaction that came before its card once, however many processes see the card recorded', async () => {
  const state = new SqliteStateStore(':memory:')
  let isRecorded = false
  const marks: string[] = []
  const reactions = new Reactions({
    deps: {
      state,
      log: silentLog,
      config: { PROMPTS_CHANNELS: [], PROMPTS_ALLOW_SHARED_CHANNELS: true, PROMPTS_ALLOW_GUESTS: true },
    } as never,
    outbox: { subjectOf: async () => (isRecorded ? { run: 'run-1', rank: 2, threadTs: '1.0' } : null) } as never,
    records: { get: async () => ({ run: 'run-1', team: 'T1', channel: 'C1', threadTs: '1.0' }) } as never,
    adoption: {
      refusalFor: async () => null,
      async mark(_record: unknown, _place: unknown, mark: { user: string; rank: number }) {
        await new Promise((resolve) => setTimeout(resolve, 20))
        marks.push(`${mark.user} ${mark.rank}`)
      },
    } as never,
    offers: {} as never,
    clientFor: async () => ({}) as never,
  })
  const reaction = { team: 'T1', channel: 'C1', ts: '9.1', name: 'white_check_mark', added: true }
  await reactions.handle({ ...reaction, user: 'U1', eventId: 'E1' })
  await reactions.handle({ ...reaction, user: 'U2', eventId: 'E2' })
  expect(marks).toEqual([])
  isRecorded = true
  await Promise.all([reactions.applyEarly('C1', '9.1'), reactions.applyEarly('C1', '9.1'), reactions.applyEarly('C1', '9.1')])
  expect([...marks].sort()).toEqual(['U1 2', 'U2 2'])
})
