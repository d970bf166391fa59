import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { BullMqQueue } from '../../src/jobs/bullmq-queue.ts'
import { lacks, needing } from '../support/needs.ts'
import { type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { soon } from '../support/soon.ts'
import { jobQueueSuite } from './job-queue-suite.ts'

describe.skipIf(lacks('redis-server'))(needing('jobs in Redis', 'redis-server'), () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedisServer()
  })
  afterAll(() => server?.stop())

  const open = (name: string, limit = 100) =>
    new BullMqQueue<{ n: number }>({
      ...{ name, redisUrl: server.url, limit, retryDelayMs: 20, lockDurationMs: 2000, stalledIntervalMs: 500, notUnderstoodMs: 400 },
    })
  jobQueueSuite('BullMqQueue', { open: (name, options) => open(name, options?.limit) })

  it('cancels a job that runs in another process', async () => {
    const [asker, worker] = [open('far'), open('far')]
    let reason: unknown = null
    let started = false
    await worker.work(
      async (job) => {
        started = true
        await sleep(60_000, undefined, { signal: job.signal }).catch(() => {
          reason = job.signal.reason
          throw job.signal.reason
        })
      },
      { concurrency: 1 },
    )
    await asker.add('job-1', { n: 1 })
    await vi.waitFor(() => expect(started).toBe(true), soon)
    expect(await asker.cancel('job-1')).toBe(true)
    await vi.waitFor(() => expect(reason).toMatchObject({ code: 'cancelled' }), soon)
    await asker.close(0)
    await worker.close(0)
  })

  it('takes a job that a worker with a clock two hours ahead gave back, and died', async () => {
    const ahead = open('clocks')
    const now = Date.now
    let given = false
    await ahead.work(
      async () => {
        given = true
        // what the queue computes from here on is by a clock of another host
        vi.spyOn(Date, 'now').mockImplementation(() => now() + 2 * 3600_000)
        throw new Error('try again')
      },
      { concurrency: 1 },
    )
    await ahead.add('job-1', { n: 1 })
    await vi.waitFor(async () => expect(given && (await ahead.depth()).active === 0).toBe(true), soon)
    vi.restoreAllMocks()
    await ahead.close(0)
    const other = open('clocks')
    const taken: string[] = []
    await other.work(async ({ id }) => void taken.push(id), { concurrency: 1 })
    await vi.waitFor(() => expect(taken).toEqual(['job-1']), soon)
    await other.close(0)
  })

  it('refuses ids that BullMQ would misread', async () => {
    const queue = open('ids')
    await expect(queue.add('a:b', { n: 1 })).rejects.toMatchObject({ code: 'internal' })
    await expect(queue.add('123', { n: 1 })).rejects.toMatchObject({ code: 'internal' })
    await queue.close(0)
  })
})
