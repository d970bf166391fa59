import { expect, it, vi } from 'vitest'
import { InProcessQueue } from '../../src/jobs/in-process-queue.ts'
import { SqliteStateStore } from '../../src/state/sqlite-state-store.ts'
import { soon } from '../support/soon.ts'
import { jobQueueSuite } from './job-queue-suite.ts'

const stores = new Map<string, SqliteStateStore>()
function store(name: string): SqliteStateStore {
  const found = stores.get(name) ?? new SqliteStateStore(':memory:')
  stores.set(name, found)
  return found
}

jobQueueSuite('InProcessQueue', {
  open: (name, options) => new InProcessQueue({ name: 'runs', state: store(name), limit: options?.limit ?? 100, retryDelayMs: 20 }),
})

it('goes on with the jobs of a process that died without a word, and gives up after the last try', async () => {
  const state = store('died')
  const started: number[] = []
  const failed: string[] = []
  for (let life = 0; life < 4; life += 1) {
    const queue = new InProcessQueue<{ n: number }>({ name: 'runs', state, limit: 10, attempts: 3 })
    if (life === 0) await queue.add('job-1', { n: 1 })
    await queue.work(
      async (job) => {
        started.push(job.attempt)
        await new Promise(() => {}) // the process dies here: nothing of this queue runs any more
      },
      { concurrency: 1, onFailed: async (job) => void failed.push(job.id) },
    )
    await vi.waitFor(() => expect([...started, ...failed]).toHaveLength(life + 1), soon)
  }
  expect(started).toEqual([1, 2, 3])
  expect(failed).toEqual(['job-1'])
})

it('waits before each further try, twice as long each time, and can cancel a job that waits so', async () => {
  vi.useFakeTimers()
  try {
    const queue = new InProcessQueue<{ n: number }>({ name: 'runs', state: store('backoff'), limit: 10, attempts: 3, retryDelayMs: 1000 })
    const tries: string[] = []
    const failed: string[] = []
    await queue.work(
      async (job) => {
        tries.push(job.id)
        throw new Error('down')
      },
      { concurrency: 1, onFailed: async (job) => void failed.push(job.id) },
    )
    await queue.add('job-1', { n: 1 })
    await vi.advanceTimersByTimeAsync(990)
    expect(tries).toHaveLength(1)
    expect(await queue.has('job-1')).toBe(true)
    await vi.advanceTimersByTimeAsync(20)
    expect(tries).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(1900)
    expect(tries).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(200)
    expect(tries).toHaveLength(3)
    expect(failed).toEqual(['job-1'])

    await queue.add('job-2', { n: 2 })
    await vi.advanceTimersByTimeAsync(500)
    expect(await queue.cancel('job-2')).toBe(true)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(tries.filter((id) => id === 'job-2')).toHaveLength(1)
    expect(failed).toEqual(['job-1'])
  } finally {
    vi.useRealTimers()
  }
})
