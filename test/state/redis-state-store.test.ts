import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RedisStateStore } from '../../src/state/redis-state-store.ts'
import { lacks, needing } from '../support/needs.ts'
import { type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { stateStoreSuite } from './state-store-suite.ts'

describe.skipIf(lacks('redis-server'))(needing('state in Redis', 'redis-server'), () => {
  let server: RedisServer
  let count = 0
  beforeAll(async () => {
    server = await startRedisServer()
  })
  afterAll(() => server?.stop())

  const open = async (prefix = `test-${count++}:`) => new RedisStateStore(new Redis(server.url), { prefix, ownsConnection: true })
  stateStoreSuite('RedisStateStore', open)

  it('is shared by two processes', async () => {
    const [a, b] = [await open('shared:'), await open('shared:')]
    expect(await a.claim('c:1', 1000)).toBe(true)
    expect(await b.claim('c:1', 1000)).toBe(false)
    expect(await a.take('t:1', { intervalMs: 1000, burst: 1 })).toBe(0)
    expect(await b.take('t:1', { intervalMs: 1000, burst: 1 })).toBeGreaterThan(0)
    await a.close()
    await b.close()
  })
})
