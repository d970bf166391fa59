import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { namespaceOf } from '../../src/redis/namespace.ts'
import { bringRedisUpToDate, connectionName, type RedisStep, redisSteps } from '../../src/redis/state-layout.ts'
import { lacks, needing } from '../support/needs.ts'
import { type RedisServer, startRedisServer } from '../support/redis-server.ts'

describe.skipIf(lacks('redis-server'))(needing('the layout of Redis', 'redis-server'), () => {
  let server: RedisServer
  let redis: Redis
  beforeAll(async () => {
    server = await startRedisServer()
    redis = new Redis(server.url)
  })
  afterAll(async () => {
    redis?.disconnect()
    await server?.stop()
  })
  const rename: RedisStep = {
    to: 2,
    run: async ({ redis: store, namespace }) =>
      void (await store.set(`${namespace.state}e:new`, (await store.get(`${namespace.state}e:old`)) ?? '')),
  }
  const steps = [...redisSteps, rename]

  it('is noted at the first start, and brought from there to a later one', async () => {
    const namespace = namespaceOf('B1')
    await redis.set(`${namespace.state}e:old`, 'kept')
    await bringRedisUpToDate({ redis, namespace })
    expect(await redis.get(`${namespace.owner}:schema`)).toBe('1')
    await Promise.all([bringRedisUpToDate({ redis, namespace }, steps), bringRedisUpToDate({ redis, namespace }, steps)])
    expect(await redis.get(`${namespace.state}e:new`)).toBe('kept')
    expect(await redis.get(`${namespace.owner}:schema`)).toBe('2')
  })

  it('of a newer version is refused in words', async () => {
    const namespace = namespaceOf('B2')
    await bringRedisUpToDate({ redis, namespace }, steps)
    await expect(bringRedisUpToDate({ redis, namespace })).rejects.toMatchObject({
      code: 'bad_config',
      message: 'What this bot keeps in Redis was laid out by a newer version (schema 2, this one knows 1)',
    })
    expect(await redis.get(`${namespace.owner}:schema`)).toBe('2')
  })

  it('does not change under processes of an older version, whatever other bots have', async () => {
    const namespace = namespaceOf('B3')
    await bringRedisUpToDate({ redis, namespace })
    const other = new Redis(server.url, { connectionName: connectionName(namespaceOf('B4'), 1) })
    const older = new Redis(server.url, { connectionName: connectionName(namespace, 1) })
    await Promise.all([other.ping(), older.ping()])
    await expect(bringRedisUpToDate({ redis, namespace }, steps)).rejects.toMatchObject({ code: 'unavailable', exitCode: 4 })
    expect(await redis.get(`${namespace.owner}:schema`)).toBe('1')
    older.disconnect()
    await expect.poll(async () => String(await redis.client('LIST')).includes(connectionName(namespace, 1))).toBe(false)
    await bringRedisUpToDate({ redis, namespace }, steps)
    expect(await redis.get(`${namespace.owner}:schema`)).toBe('2')
    other.disconnect()
  })
})
