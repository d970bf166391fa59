import { afterEach, describe, expect, it } from 'vitest'
import { candidateLimit } from '../../src/planner/space.ts'
import { createThreadPool, type ThreadPool } from '../../src/threads/thread-pool.ts'
import { workloadOf } from '../planner/workloads.ts'

const never = new AbortController().signal
/** A search that takes seconds: every setting varies on a slice of many divisors. */
const long = () => ({ ...workloadOf({ chip: 'v5p', topology: '16x16x24' }), tune: ['mesh', 'remat', 'microbatches'] as const })

describe('a pool of threads', () => {
  const pools: ThreadPool[] = []
  const open = (size = 1) => {
    const pool = createThreadPool({ size })
    pools.push(pool)
    return pool
  }
  afterEach(async () => {
    for (const pool of pools.splice(0)) await pool.close()
  })

  it('plans as this thread would, and leaves the event loop free meanwhile', async () => {
    const pool = open()
    let ticks = 0
    const timer = setInterval(() => {
      ticks += 1
    }, 5)
    const plan = await pool.run('plan', { workload: long(), top: 2 }, never)
    clearInterval(timer)
    expect(plan.ranked.length).toBeLessThanOrEqual(2)
    expect(plan.space.total).toBeGreaterThan(100_000)
    expect(ticks).toBeGreaterThan(20)
  })

  it('ends an aborted task at once, with the signal’s reason, and takes the next', async () => {
    const pool = open()
    const controller = new AbortController()
    const running = pool.run('plan', { workload: long() }, controller.signal)
    const queued = pool.run('plan', { workload: workloadOf(), top: 1 }, never)
    setTimeout(() => controller.abort(new Error('cancelled')), 150)
    await expect(running).rejects.toThrow('cancelled')
    expect((await queued).ranked).toHaveLength(1)
  })

  it('lets a task that waits for a thread be cancelled too', async () => {
    const pool = open()
    const controller = new AbortController()
    const running = pool.run('plan', { workload: long(), top: 1 }, never)
    const queued = pool.run('plan', { workload: workloadOf(), top: 1 }, controller.signal)
    controller.abort(new Error('not wanted any more'))
    await expect(queued).rejects.toThrow('not wanted any more')
    expect((await running).space.total).toBeGreaterThan(100_000)
    expect((await pool.run('plan', { workload: workloadOf(), top: 1 }, never)).ranked).toHaveLength(1)
  })

  it('passes on what a task throws as it was', async () => {
    const pool = open()
    const huge = {
      ...workloadOf({ chip: 'v5p', topology: '16x16x24', slices: 96 }),
      tune: ['mesh', 'remat', 'microbatches', 'batch'] as const,
    }
    await expect(pool.run('plan', { workload: huge }, never)).rejects.toMatchObject({
      code: 'too_large',
      exitCode: 2,
      message: expect.stringContaining(candidateLimit.toLocaleString('en-US')),
      hint: expect.stringContaining('dcn'),
    })
    await expect(pool.run('profile', { source: '/nonexistent/x.xplane.pb', mesh: null }, never)).rejects.toMatchObject({ exitCode: 2 })
  })
})
