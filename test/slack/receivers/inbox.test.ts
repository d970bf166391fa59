import { expect, it, vi } from 'vitest'
import { silentLog } from '../../../src/slack/log.ts'
import { Inbox } from '../../../src/slack/receivers/inbox.ts'
import { SqliteStateStore } from '../../../src/state/sqlite-state-store.ts'

it('goes on trying to write down what the store refused, without an ack, and handles it once', async () => {
  const state = new SqliteStateStore(':memory:')
  const set = state.set.bind(state)
  let refusals = 2
  state.set = async (key, value, ttlMs) => {
    if (key.startsWith('inbox:') && refusals > 0) {
      refusals -= 1
      throw new Error('OOM command not allowed')
    }
    await set(key, value, ttlMs)
  }
  const handled: unknown[] = []
  const acks: number[] = []
  const event = { body: { event_id: 'Ev1', token: 'secret' }, ack: async () => void acks.push(1) }
  const inbox = new Inbox(state, silentLog)
  await expect(inbox.process(event, async ({ body }) => void handled.push(body))).rejects.toThrow('OOM')
  expect(handled).toEqual([])
  await vi.waitFor(() => expect(handled).toEqual([{ event_id: 'Ev1' }]), { timeout: 8000 })
  expect(acks).toEqual([])
  await vi.waitFor(async () => expect(await state.list('inbox:', 9)).toEqual([]))
  await state.close()
})
