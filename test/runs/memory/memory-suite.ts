import { describe, expect, it } from 'vitest'
import type { RunRequest } from '../../../src/contract/run.ts'
import type { ShardingMemory } from '../../../src/runs/memory/sharding-memory.ts'

export const request = (run: string, tenant = 'T1', at = '2026-01-01T00:00:00.000Z'): RunRequest => ({
  run,
  tenant,
  subject: { kind: 'experiment', id: 'exp-1' },
  compile: false,
  by: 'U1',
  at,
  thread: null,
})
const thread = { team: 'T1', channel: 'C1', threadTs: '1.0', rootTs: null }

/**
 * What every store of runs must do; each implementation's test runs it. `open` with the same name again is another process on the
 * same store.
 */
export function memorySuite(name: string, under: { open(store: string): ShardingMemory }): void {
  describe(name, () => {
    let count = 0
    const fresh = () => {
      const store = `s${count++}`
      return { memory: under.open(store), other: () => under.open(store) }
    }

    it('keeps a request once, however often the same delivery begins it', async () => {
      const { memory, other } = fresh()
      await memory.begin(request('r1'))
      await other().begin(request('r1'))
      expect(await memory.request('r1')).toEqual(request('r1'))
      expect((await memory.events('r1')).map((event) => event.kind)).toEqual(['request'])
      expect(await memory.list({ tenant: 'T1', limit: 10 })).toHaveLength(1)
    })

    it('loses no event when many are added at once, by several processes too, and all read them in one order', async () => {
      const { memory, other } = fresh()
      await memory.begin(request('r1'))
      const processes = [memory, other(), other()]
      await Promise.all(
        Array.from({ length: 24 }, (_, i) => processes[i % 3]!.append('r1', { kind: 'tool_call', name: `t${i}`, data: 'x'.repeat(500) })),
      )
      const orders = await Promise.all([...processes, other()].map(async (one) => (await one.events('r1')).map((event) => event.name)))
      expect([...orders[0]!].sort()).toEqual(['experiment', ...Array.from({ length: 24 }, (_, i) => `t${i}`)].sort())
      for (const order of orders) expect(order).toEqual(orders[0])
      const own = orders[0]!.filter((one) => Number(one.slice(1)) % 3 === 0)
      expect(own).toEqual([...own].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1))))
    })

    it('gives back a finished stage to another process, and nothing for one that never finished', async () => {
      const { memory, other } = fresh()
      await memory.begin(request('r1'))
      await memory.saveStage('r1', 'analyze', { class: 'hbm' })
      expect(await other().stageResult('r1', 'analyze')).toEqual({ class: 'hbm' })
      expect(await other().stageResult('r1', 'propose')).toBeNull()
      expect(await other().diagnosis('r1')).toBeNull()
      expect(await other().request('r2')).toBeNull()
    })

    it('lists a tenant its own runs only, newest first, and leaves nothing of one that is deleted', async () => {
      const { memory, other } = fresh()
      await memory.begin(request('a', 'T1', '2026-01-01T00:00:00.000Z'))
      await memory.begin(request('b', 'T2', '2026-01-01T00:00:01.000Z'))
      await memory.begin(request('c', 'T1', '2026-01-01T00:00:02.000Z'))
      await memory.begin(request('d', '../T1', '2026-01-01T00:00:03.000Z'))
      const runs = async (limit: number) => (await other().list({ tenant: 'T1', limit })).map((one) => one.run)
      expect(await runs(10)).toEqual(['c', 'a'])
      expect(await runs(1)).toEqual(['c'])
      await memory.saveStage('c', 'analyze', {})
      await memory.delete('c')
      expect(await runs(10)).toEqual(['a'])
      expect([await other().request('c'), await other().stageResult('c', 'analyze')]).toEqual([null, null])
      expect(await other().events('c')).toEqual([])
    })

    it('knows the runs of threads that were begun and not settled', async () => {
      const { memory, other } = fresh()
      for (const run of ['a', 'b', 'c']) await memory.begin({ ...request(run), thread })
      await memory.begin(request('from-the-command-line'))
      await memory.settle('a')
      await memory.delete('b')
      expect((await other().open()).map((one) => one.run)).toEqual(['c'])
      await other().settle('c')
      await other().settle('c')
      expect(await memory.open()).toEqual([])
    })

    it('has one identity for all its processes, and another than any other store', async () => {
      const one = fresh()
      const [first, second, third] = await Promise.all([one.memory.identity(), one.other().identity(), one.other().identity()])
      expect([second, third]).toEqual([first, first])
      expect(await fresh().memory.identity()).not.toBe(first)
    })

    it('refuses names that would leave its place', async () => {
      const { memory } = fresh()
      await expect(memory.begin(request('../escape'))).rejects.toMatchObject({ code: 'unknown_run' })
      await expect(memory.append('a/b', { kind: 'note', name: 'x', data: null })).rejects.toMatchObject({ code: 'unknown_run' })
      await expect((async () => memory.saveStage('r1', '../x', {}))()).rejects.toMatchObject({ code: 'internal' })
    })
  })
}
