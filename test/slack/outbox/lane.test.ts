import { describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import type { Entry } from '../../../src/slack/outbox/entry.ts'
import { Lane, type Outcome } from '../../../src/slack/outbox/lane.ts'
import { SqliteStateStore } from '../../../src/state/sqlite-state-store.ts'
import { soon } from '../../support/soon.ts'

const op = { kind: 'home', user: 'U1', view: {} } as unknown as Entry['op']
const entry = (key: string, version: number, priority: 0 | 1 | 2 = 0): Entry => ({
  ...{ key, team: 'T1', op, after: null, priority, version, createdAt: version, lifeMs: 60_000, deadlineAt: Date.now() + 60_000 },
  ...{ attempts: 0, fallbackLevel: 0, uncertain: false, durable: true },
})

function lane(send: (entry: Entry) => Promise<Outcome>): Lane {
  return new Lane({
    clock: systemClock,
    state: new SqliteStateStore(':memory:'),
    buckets: [{ key: 'pace:test', pace: { intervalMs: 20, burst: 1 } }],
    paceFromEnd: false,
    send,
    readiness: async () => 'ready',
    onError: () => {},
  })
}

describe('a lane of the outbox', () => {
  it('keeps the turn of a message that came back, with the newer content that came meanwhile', async () => {
    const sent: string[] = []
    let first = true
    const came = Promise.withResolvers<void>()
    const onItsWay = Promise.withResolvers<void>()
    const one = lane(async (next) => {
      if (next.key === 'card2' && first) {
        first = false
        onItsWay.resolve()
        await came.promise
        return { retryInMs: 0 }
      }
      sent.push(`${next.key} v${next.version}`)
      return 'done'
    })
    one.push(entry('card2', 1))
    one.push(entry('card3', 2))
    await onItsWay.promise
    // a verdict on card 2 while card 2 is on its way
    one.push(entry('card2', 3, 1))
    came.resolve()
    await vi.waitFor(() => expect(sent).toEqual(['card2 v3', 'card3 v2']), soon)
    one.close()
  })

  it('sends the most important first, and an answer is never replaced by progress', async () => {
    const sent: string[] = []
    const one = lane(async (next) => {
      sent.push(`${next.key} ${next.priority}`)
      return 'done'
    })
    one.push(entry('root', 1, 0))
    expect(one.push(entry('root', 2, 2))).toMatchObject({ version: 2 })
    one.push(entry('verdict', 3, 1))
    one.push(entry('other', 4, 0))
    one.push(entry('eyes', 5, 2))
    await vi.waitFor(() => expect(sent).toEqual(['root 0', 'other 0', 'verdict 1', 'eyes 2']), soon)
    one.close()
  })
})
