import { expect, it, vi } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import { silentLog } from '../../../src/slack/log.ts'
import { Inbox } from '../../../src/slack/receivers/inbox.ts'
import { SqliteStateStore } from '../../../src/state/sqlite-state-store.ts'
import { soon } from '../../support/soon.ts'

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
  const inbox = new Inbox(state, silentLog, systemClock)
  await expect(inbox.process(event, async ({ body }) => void handled.push(body))).rejects.toThrow('OOM')
  expect(handled).toEqual([])
  await vi.waitFor(() => expect(handled).toEqual([{ event_id: 'Ev1' }]), soon)
  expect(acks).toEqual([])
  await vi.waitFor(async () => expect(await state.list('inbox:', 9)).toEqual([]), soon)
  await state.close()
})

it('leaves alone what its own process is still at, however long ago the hold ran out', async () => {
  const state = new SqliteStateStore(':memory:')
  // as if the loop had been too busy to renew: whoever asks gets the hold
  state.claim = async () => true
  const inbox = new Inbox(state, silentLog, systemClock)
  const work = Promise.withResolvers<void>()
  const handled = inbox.process({ body: { event_id: 'Ev1' }, ack: async () => {} }, () => work.promise)
  await vi.waitFor(async () => expect(await state.list('inbox:', 9)).toHaveLength(1), soon)
  const again: unknown[] = []
  expect(await inbox.replay(async (event) => void again.push(event), { all: false })).toBe(0)
  work.resolve()
  await handled
  expect(again).toEqual([])
  await state.close()
})
