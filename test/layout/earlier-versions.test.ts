import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { BullMqQueue } from '../../src/jobs/bullmq-queue.ts'
import type { Library } from '../../src/knowledge/library.ts'
import { createSqliteLibrary } from '../../src/knowledge/sqlite-library.ts'
import { claimNamespace, proveSameStore } from '../../src/redis/namespace.ts'
import { bringRedisUpToDate } from '../../src/redis/state-layout.ts'
import { createFileMemory } from '../../src/runs/memory/file-memory.ts'
import { createObjectMemory } from '../../src/runs/memory/object-memory.ts'
import type { ShardingMemory } from '../../src/runs/memory/sharding-memory.ts'
import { createRunReader } from '../../src/runs/run-reader.ts'
import { knowsJob, type RunJob } from '../../src/slack/deps.ts'
import { RunRecords } from '../../src/slack/runs/run-records.ts'
import { RedisStateStore } from '../../src/state/redis-state-store.ts'
import { SqliteStateStore } from '../../src/state/sqlite-state-store.ts'
import { read } from '../../src/thread/intent.ts'
import { openTestService, signal } from '../runs/service-fixture.ts'
import { blobsInMemory } from '../support/blobs-in-memory.ts'
import { lacks, needing } from '../support/needs.ts'
import { readAlone, readShared, recordedStores, restoreAlone } from '../support/recorded-stores.ts'
import { startRedisServer } from '../support/redis-server.ts'

/** This version must go on with all that each version left. */
const versions = readdirSync(recordedStores)
const team = 'T000000001'
const bot = 'B0BOT00001'

const folder = mkdtempSync(join(tmpdir(), 'prompts-earlier-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The run of the recording, read as a follow-up reads it. */
async function goesOn(memory: ShardingMemory, library: Library, run: string) {
  const opened = await openTestService({ shipped: false, deps: { memory, library } })
  const finished = await createRunReader(opened.deps).finished(run, team)
  expect(finished.diagnosis.cards).toHaveLength(3)
  expect(finished.proposed.plan.ranked.length).toBeGreaterThan(3)
  expect((await memory.list({ tenant: team, limit: 10 })).map((one) => one.run)).toContain(run)
  expect((await opened.service.current(run, team)).adopted).toMatchObject({ rank: 1 })
  const question = 'why not model=8?'
  const answer = await opened.thread.answer(
    { run, tenant: team, text: question, by: 'U1', reading: read(question, { mentioned: true, cards: 3 }) },
    { signal },
  )
  expect(answer).toMatchObject({ kind: 'why_not', text: expect.stringContaining('model=8') })
  return opened
}

describe.each(versions)('stores of the %s version', (version) => {
  it('in one process: runs, state and library', async () => {
    const left = readAlone(version)
    const home = join(folder, version)
    restoreAlone(left, home)
    const hostClocks = { boot: 'then', steadyMs: () => 0, wallMs: () => left.recordedAt }
    const store = new SqliteStateStore(join(home, 'state.db'), { hostClocks })
    const run = Object.keys(left.files)
      .map((name) => /runs\/([^/]+)\//.exec(name)?.[1])
      .find((name) => name !== undefined)!
    const records = new RunRecords(store, { keepDays: 180 })
    expect(await records.get(run)).toMatchObject({ run, team })
    expect([await records.ended(run), await records.delivered(run)]).toEqual(['done', true])
    expect((await store.list('sent:', 100)).filter(({ key }) => key.includes('/card'))).toHaveLength(3)
    const library = createSqliteLibrary({ path: join(home, 'library.sqlite') })
    expect(await library.list({ kind: 'case', tenant: team, limit: 10, own: true })).toMatchObject([
      { status: 'adopted', experiment: 'load-0' },
    ])
    const opened = await goesOn(createFileMemory({ folder: home }), library, run)
    const outcome = { result: 'ok', stepTimeMs: 3000 } as const
    expect(await opened.service.outcome({ run, tenant: team, by: 'U1', outcome })).toMatchObject({
      status: 'confirmed',
      measured_after_ms: 3000,
    })
    await opened.close()
    await store.close()
    // what was brought up to date is so for the next process too
    await new SqliteStateStore(join(home, 'state.db'), { hostClocks }).close()
  })

  it.skipIf(lacks('redis-server'))(
    needing('over Redis and a bucket: runs, state and the job that waits', 'redis-server'),
    { timeout: 60_000 },
    async () => {
      const { objects, entries, recordedAt } = readShared(version)
      const server = await startRedisServer()
      const redis = new Redis(server.url)
      for (const [key, { type, value }] of Object.entries(entries)) {
        if (type === 'string') await redis.set(key, value as string)
        else if (type === 'hash') await redis.hset(key, value as Record<string, string>)
        else if (type === 'list') await redis.rpush(key, ...(value as string[]))
        else if (type === 'zset') {
          const pairs = value as string[]
          // indexes of the state are by when an entry ends
          const later = key.includes(':state:i:') ? Date.now() - recordedAt : 0
          for (let at = 0; at < pairs.length; at += 2) await redis.zadd(key, Number(pairs[at + 1]) + later, pairs[at]!)
        }
      }
      const namespace = await claimNamespace(redis, bot, undefined)
      await bringRedisUpToDate({ redis, namespace })
      const memory = createObjectMemory({ blobs: blobsInMemory(objects) })
      await proveSameStore(redis, namespace, { id: await memory.identity(), where: 'the same bucket' })
      const records = new RunRecords(new RedisStateStore(redis, { prefix: namespace.state }), { keepDays: 180 })
      const runs = Object.keys(objects)
        .map((key) => /^runs\/(.+)\/request\.json$/.exec(key)?.[1])
        .filter((name) => name !== undefined)
      const waiting = runs.find((name) => objects[`runs/${name}/diagnosis.json`] === undefined)!
      const done = runs.find((name) => name !== waiting)!
      expect(await records.get(done)).toMatchObject({ run: done, team })
      expect(await records.active()).toContain(waiting)
      expect((await memory.open()).map(({ run }) => run)).toEqual([waiting])
      const queue = new BullMqQueue<RunJob>({
        name: 'prompts-runs',
        redisUrl: server.url,
        limit: 100,
        prefix: namespace.jobs,
        understands: knowsJob,
      })
      const taken: RunJob[] = []
      await queue.work(async ({ data }) => void taken.push(data), { concurrency: 1 })
      await expect.poll(() => taken.length, { timeout: 30_000 }).toBe(1)
      expect(taken[0]!.request).toEqual(await memory.request(waiting))
      await queue.close(0)
      await (await goesOn(memory, createSqliteLibrary({ path: ':memory:' }), done)).close()
      redis.disconnect()
      await server.stop()
    },
  )
})
