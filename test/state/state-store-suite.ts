import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { StateStore } from '../../src/state/state-store.ts'

/**
 * What every state store must do, on a store of its own for each test; each implementation's test runs it. Expiry is waited for
 * at once.
 */
export function stateStoreSuite(name: string, openStore: () => Promise<StateStore>): void {
  const test = (what: string, run: (store: StateStore) => Promise<void>) =>
    it(what, async ({ onTestFinished }) => {
      const store = await openStore()
      onTestFinished(() => store.close())
      await run(store)
    })
  describe.concurrent(name, () => {
    test('gives a claim to exactly one of many callers, until it expires or is released', async (store) => {
      const won = await Promise.all(Array.from({ length: 20 }, () => store.claim('claim:a', 1000)))
      expect(won.filter(Boolean)).toHaveLength(1)
      await sleep(1050)
      expect(await store.claim('claim:a', 10_000)).toBe(true)
      expect(await store.claim('claim:a', 10_000)).toBe(false)
      await store.release('claim:a')
      expect(await store.claim('claim:a', 10_000)).toBe(true)
    })

    test('sets, replaces, expires and deletes', async (store) => {
      await store.set('k:a', 'one', 10_000)
      await store.set('k:a', 'two', 10_000)
      expect(await store.get('k:a')).toBe('two')
      await store.delete('k:a')
      expect(await store.get('k:a')).toBeNull()
      await store.set('k:b', 'gone soon', 60)
      await sleep(90)
      expect(await store.get('k:b')).toBeNull()
    })

    test('setIfAbsent answers with the value that stands, and writes again after expiry', async (store) => {
      expect(await store.setIfAbsent('s:a', 'first', 1000)).toBe('first')
      expect(await store.setIfAbsent('s:a', 'second', 1000)).toBe('first')
      await sleep(1050)
      expect(await store.setIfAbsent('s:a', 'third', 10_000)).toBe('third')
    })

    test('counts in a window that starts with the first add', async (store) => {
      expect(await store.increment('n:a', 1, 1000)).toBe(1)
      expect(await store.increment('n:a', 2.5, 10_000)).toBe(3.5)
      await sleep(1050)
      expect(await store.increment('n:a', 1, 10_000)).toBe(1)
      const counts = await Promise.all(Array.from({ length: 10 }, () => store.increment('n:b', 1, 10_000)))
      expect([...counts].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    })

    test('lists by prefix, in order, without what has expired, been deleted or was only claimed', async (store) => {
      await store.set('list:b:2', '2', 10_000)
      await store.set('list:b:1', '1', 10_000)
      await store.set('list:c:1', 'other', 10_000)
      await store.set('list:b:3', 'expired', 30)
      await store.set('list:b:4', 'deleted', 10_000)
      await store.delete('list:b:4')
      await store.claim('list:b:5', 10_000)
      await sleep(60)
      expect(await store.list('list:b:', 10)).toEqual([
        { key: 'list:b:1', value: '1' },
        { key: 'list:b:2', value: '2' },
      ])
      expect(await store.list('list:b:', 1)).toHaveLength(1)
      expect(await store.list('list:', 10)).toHaveLength(3)
    })

    test('paces a bucket: a burst, then one an interval, and nothing taken by those who must wait', async (store) => {
      const pace = { intervalMs: 1000, burst: 2 }
      const waits = await Promise.all(Array.from({ length: 10 }, () => store.take('bucket:a', pace)))
      expect(waits.filter((wait) => wait === 0)).toHaveLength(2)
      const longest = Math.max(...waits)
      expect(longest).toBeGreaterThan(500)
      expect(longest).toBeLessThanOrEqual(1000)
      await sleep(longest + 5)
      expect(await store.take('bucket:a', pace)).toBe(0)
      expect(await store.take('bucket:a', pace)).toBeGreaterThan(0)
    })

    test('holds a bucket shut, and never shortens a longer hold', async (store) => {
      await store.hold('bucket:h', 5000)
      await store.hold('bucket:h', 10)
      const wait = await store.take('bucket:h', { intervalMs: 1, burst: 1 })
      expect(wait).toBeGreaterThan(4000)
      expect(wait).toBeLessThanOrEqual(5000)
      await store.hold('bucket:h', 300, { exactly: true })
      const shorter = await store.take('bucket:h', { intervalMs: 1, burst: 1 })
      expect(shorter).toBeGreaterThan(0)
      expect(shorter).toBeLessThanOrEqual(300)
    })
  })
}
