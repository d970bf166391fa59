import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { PromptsError } from '../../src/errors.ts'
import type { JobQueue } from '../../src/jobs/job-queue.ts'
import { soon } from '../support/soon.ts'

export interface QueueUnderTest {
  /** A queue on the store named `store`; the same name again is another process on the same jobs. */
  open(store: string, options?: { limit?: number }): JobQueue<{ n: number }>
}

/** What every job queue must do; each implementation's test runs it. */
export function jobQueueSuite(name: string, under: QueueUnderTest): void {
  describe(name, () => {
    let count = 0
    const opened: JobQueue<{ n: number }>[] = []
    const open = (store = `s${count++}`, options?: { limit?: number }) => {
      const queue = under.open(store, options)
      opened.push(queue)
      return queue
    }
    afterEach(async () => {
      for (const queue of opened.splice(0)) await queue.close(0)
    })

    it('does each job once, at most `concurrency` at a time, and an id that was added twice once', async () => {
      const queue = open()
      const done: number[] = []
      let most = 0
      let now = 0
      const three = Promise.withResolvers<void>()
      for (let n = 0; n < 12; n += 1) await queue.add(`job-${n}`, { n })
      await queue.add('job-3', { n: 3 })
      await queue.work(
        async (job) => {
          most = Math.max(most, ++now)
          if (now === 3) three.resolve()
          // the first wait for two others; a fourth beside them would be seen
          await three.promise
          await sleep(10)
          now -= 1
          done.push(job.data.n)
        },
        { concurrency: 3 },
      )
      await vi.waitFor(() => expect(done).toHaveLength(12), soon)
      await queue.add('job-3', { n: 3 })
      await sleep(100)
      expect([...done].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
      expect(most).toBe(3)
      expect(await queue.depth()).toEqual({ waiting: 0, active: 0 })
    })

    it('tries again after a failure, and reports a job whose tries are used up once', async () => {
      const queue = open()
      const attempts: number[] = []
      const failed: string[] = []
      await queue.add('job-flaky', { n: 1 })
      await queue.add('job-hopeless', { n: 2 })
      await queue.work(
        async (job) => {
          if (job.data.n === 2) throw new Error('always')
          attempts.push(job.attempt)
          if (job.attempt < 2) throw new Error('once')
        },
        {
          concurrency: 2,
          onFailed: async (job, error) => {
            failed.push(`${job.id}: ${(error as Error).message}`)
          },
        },
      )
      await vi.waitFor(() => expect(failed).toEqual(['job-hopeless: always']), soon)
      await vi.waitFor(() => expect(attempts).toEqual([1, 2]), soon)
    })

    it('does not try bad input again', async () => {
      const queue = open()
      let tries = 0
      const failed: unknown[] = []
      await queue.add('job-bad', { n: 1 })
      await queue.work(
        async () => {
          tries += 1
          throw new PromptsError('bad_experiment', 'no')
        },
        { concurrency: 1, onFailed: async (_job, error) => void failed.push(error) },
      )
      await vi.waitFor(() => expect(failed).toHaveLength(1), soon)
      expect(tries).toBe(1)
      expect((failed[0] as PromptsError).code).toBe('bad_experiment')
    })

    it('cancels a waiting job and aborts a running one, without a failure or another try', async () => {
      const queue = open()
      const ran: string[] = []
      const aborted: string[] = []
      const failed: string[] = []
      await queue.work(
        async (job) => {
          ran.push(job.id)
          await sleep(60_000, undefined, { signal: job.signal }).catch(() => {
            aborted.push(job.id)
            throw job.signal.reason
          })
        },
        { concurrency: 1, onFailed: async (job) => void failed.push(job.id) },
      )
      await queue.add('job-running', { n: 1 })
      await vi.waitFor(() => expect(ran).toEqual(['job-running']), soon)
      await queue.add('job-waiting', { n: 2 })
      expect(await queue.cancel('job-waiting')).toBe(true)
      expect(await queue.cancel('job-running')).toBe(true)
      expect(await queue.cancel('job-unknown')).toBe(false)
      await vi.waitFor(() => expect(aborted).toEqual(['job-running']), soon)
      await vi.waitFor(async () => expect(await queue.depth()).toEqual({ waiting: 0, active: 0 }), soon)
      await sleep(100)
      expect(ran).toEqual(['job-running'])
      expect(failed).toEqual([])
    })

    it('knows the jobs that wait or run, and no others', async () => {
      const queue = open()
      expect(await queue.has('job-never')).toBe(false)
      await queue.add('job-a', { n: 1 })
      await queue.add('job-b', { n: 2 })
      expect([await queue.has('job-a'), await queue.has('job-b')]).toEqual([true, true])
      let finish = () => {}
      const running = new Promise<void>((resolve) => {
        finish = resolve
      })
      const started: string[] = []
      await queue.work(
        async (job) => {
          started.push(job.id)
          await running
          if (job.id === 'job-b') throw new PromptsError('bad_experiment', 'no')
        },
        { concurrency: 1 },
      )
      await vi.waitFor(() => expect(started).toEqual(['job-a']), soon)
      expect([await queue.has('job-a'), await queue.has('job-b')]).toEqual([true, true])
      finish()
      await vi.waitFor(async () => expect([await queue.has('job-a'), await queue.has('job-b')]).toEqual([false, false]), soon)
    })

    it('does not try again what says itself that it cannot help', async () => {
      const queue = open()
      let tries = 0
      const failed: unknown[] = []
      await queue.add('job-slow', { n: 1 })
      await queue.work(
        async () => {
          tries += 1
          throw new PromptsError('timeout', 'too slow', { retryable: false })
        },
        { concurrency: 1, onFailed: async (_job, error) => void failed.push(error) },
      )
      await vi.waitFor(() => expect(failed).toHaveLength(1), soon)
      expect(tries).toBe(1)
      expect((failed[0] as PromptsError).code).toBe('timeout')
    })

    it('does not count a try that a shutdown cut off: any number of restarts, then success', async () => {
      const attempts: number[] = []
      for (let life = 0; life < 4; life += 1) {
        const queue = open('restarts')
        if (life === 0) await queue.add('job-1', { n: 1 })
        await queue.work(
          async (job) => {
            attempts.push(life)
            await sleep(60_000, undefined, { signal: job.signal })
          },
          { concurrency: 1 },
        )
        await vi.waitFor(() => expect(attempts).toHaveLength(life + 1), soon)
        await queue.close(0)
      }
      const last = open('restarts')
      const done: string[] = []
      const failed: string[] = []
      await last.work(async (job) => void done.push(job.id), { concurrency: 1, onFailed: async (job) => void failed.push(job.id) })
      await vi.waitFor(() => expect(done).toEqual(['job-1']), soon)
      expect(failed).toEqual([])
    })

    it('takes tenants in turn, and people within a tenant', async () => {
      const queue = open()
      const order: string[] = []
      for (let n = 0; n < 6; n += 1) await queue.add(`big-ann-${n}`, { n }, { tenant: 'big', person: 'ann', cost: 1 })
      await queue.add('big-bob-0', { n: 0 }, { tenant: 'big', person: 'bob', cost: 1 })
      await queue.add('small-0', { n: 0 }, { tenant: 'small', person: 'cy', cost: 1 })
      await queue.add('small-1', { n: 0 }, { tenant: 'small', person: 'cy', cost: 1 })
      await queue.add('lost-0', { n: 0 }, { tenant: 'big', person: 'ann', cost: 0 })
      await queue.work(async (job) => void order.push(job.id), { concurrency: 1 })
      await vi.waitFor(() => expect(order).toHaveLength(10), soon)
      expect(order[0]).toBe('lost-0')
      // nobody's first waits for more than two of ann's; her own stay in order
      expect(order.indexOf('small-0')).toBeLessThan(4)
      expect(order.indexOf('big-bob-0')).toBeLessThan(5)
      expect(order.indexOf('small-1')).toBeLessThan(6)
      expect(order.filter((id) => id.startsWith('big-ann'))).toEqual([0, 1, 2, 3, 4, 5].map((n) => `big-ann-${n}`))
    })

    it('says what stands before a job, and how long that may take once it knows how long one takes', async () => {
      const queue = open()
      let release = () => {}
      const held = new Promise<void>((resolve) => {
        release = resolve
      })
      let hold = false
      await queue.work(
        async () => {
          if (hold) await held
          else await sleep(100)
        },
        { concurrency: 1 },
      )
      await queue.add('job-first', { n: 0 })
      await vi.waitFor(async () => expect(await queue.has('job-first')).toBe(false), soon)
      hold = true
      for (let n = 0; n < 4; n += 1) await queue.add(`job-${n}`, { n })
      await vi.waitFor(async () => expect(await queue.depth()).toEqual({ waiting: 3, active: 1 }), soon)
      expect(await queue.ahead('job-0')).toBeNull()
      const [next, wait] = [await queue.ahead('job-1'), await queue.ahead('job-3')]
      expect([next?.jobs, wait?.jobs]).toEqual([0, 2])
      // as long as the first took, for each of two that wait and the one that runs
      expect(wait?.seconds).toBeGreaterThan(0.25)
      expect(wait!.seconds! / next!.seconds!).toBeCloseTo(3, 1)
      expect((await queue.list('waiting', 2)).map(({ id }) => id)).toEqual(['job-1', 'job-2'])
      expect((await queue.list('active', 9)).map(({ id }) => id)).toEqual(['job-0'])
      release()
    })

    it('keeps what failed as dead letters, to be tried again or dropped', async () => {
      const queue = open()
      let mended = false
      const done: string[] = []
      const failed: string[] = []
      const work = async (job: { id: string }) => {
        if (!mended) throw new PromptsError('bad_experiment', 'broken for now')
        done.push(job.id)
      }
      await queue.work(work, { concurrency: 1, onFailed: async (job) => void failed.push(job.id) })
      await queue.add('job-a', { n: 1 })
      await queue.add('job-b', { n: 2 })
      await vi.waitFor(() => expect(failed).toEqual(['job-a', 'job-b']), soon)
      await vi.waitFor(async () => expect(await queue.deadLetters(9)).toHaveLength(2), soon)
      expect(await queue.deadLetters(1)).toMatchObject([{ data: expect.anything(), attempts: 1, reason: 'broken for now' }])
      mended = true
      expect(await queue.retry('job-a')).toBe(true)
      expect(await queue.drop('job-b')).toBe(true)
      expect([await queue.retry('job-b'), await queue.drop('job-c')]).toEqual([false, false])
      await vi.waitFor(() => expect(done).toEqual(['job-a']), soon)
      expect(await queue.deadLetters(9)).toEqual([])
    })

    it('tries a failed job again though its failure is still being told', async () => {
      const queue = open()
      const told = Promise.withResolvers<void>()
      let mended = false
      const done: string[] = []
      const work = async (job: { id: string }) => {
        if (!mended) throw new PromptsError('bad_experiment', 'broken for now')
        done.push(job.id)
      }
      await queue.work(work, { concurrency: 1, onFailed: () => told.promise })
      await queue.add('job-a', { n: 1 })
      await vi.waitFor(async () => expect(await queue.deadLetters(9)).toHaveLength(1), soon)
      mended = true
      const again = queue.retry('job-a')
      await sleep(20)
      told.resolve()
      expect(await again).toBe(true)
      await vi.waitFor(() => expect(done).toEqual(['job-a']), soon)
    })

    it('is bounded', async () => {
      const queue = open(undefined, { limit: 2 })
      await queue.add('job-1', { n: 1 })
      await queue.add('job-2', { n: 2 })
      await expect(queue.add('job-3', { n: 3 })).rejects.toMatchObject({ code: 'too_large' })
    })

    it('keeps accepted jobs for the next process, those that ran when it stopped too', async () => {
      const first = open('handover')
      const started: string[] = []
      await first.add('job-a', { n: 1 })
      await first.add('job-b', { n: 2 })
      await first.work(
        async (job) => {
          started.push(job.id)
          await sleep(60_000, undefined, { signal: job.signal })
        },
        { concurrency: 1 },
      )
      await vi.waitFor(() => expect(started).toEqual(['job-a']), soon)
      await first.close(10)
      const second = open('handover')
      const done: string[] = []
      await second.work(async (job) => void done.push(job.id), { concurrency: 1 })
      await vi.waitFor(() => expect([...done].sort()).toEqual(['job-a', 'job-b']), soon)
    })
  })
}
