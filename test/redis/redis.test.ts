import { createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { checkRedis } from '../../src/redis/check-redis.ts'
import { claimNamespace } from '../../src/redis/namespace.ts'
import { hostOf, openRedis } from '../../src/redis/open-redis.ts'
import { waitForRedis } from '../../src/redis/wait-for-redis.ts'
import { lacks, needing } from '../support/needs.ts'
import { freePort, type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { patient } from '../support/soon.ts'

const never = new AbortController().signal

describe.skipIf(lacks('redis-server'))(needing('Redis', 'redis-server'), () => {
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

  it('is checked for keeping what it accepts, and written to only where that is asked', async () => {
    expect((await checkRedis(server.url, { writes: false })).problems).toEqual([])
    expect(await redis.dbsize()).toBe(0)
    expect((await checkRedis(server.url)).problems).toEqual([])
    const other = await startRedisServer({ appendonly: false })
    expect((await checkRedis(other.url)).problems).toEqual([expect.stringContaining('append-only')])
    await other.stop()
    await expect(checkRedis(`redis://127.0.0.1:${await freePort()}`, { timeoutMs: 500 })).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('is waited for until it is there, or until the deadline', async () => {
    const port = await freePort()
    const waits: string[] = []
    const waiting = waitForRedis(`redis://127.0.0.1:${port}`, { deadlineMs: 20_000, signal: never, onWait: (why) => waits.push(why) })
    await sleep(700)
    const late = await startRedisServer({ port })
    expect((await waiting).problems).toEqual([])
    expect(waits).toHaveLength(1)
    await late.stop()
    await expect(waitForRedis(`redis://127.0.0.1:${port}`, { deadlineMs: 600, signal: never })).rejects.toMatchObject({
      code: 'unavailable',
      exitCode: 4,
      message: expect.stringContaining(`127.0.0.1:${port} does not answer (waited 1 s)`),
    })
  })

  it('is not waited for where the password is wrong, and no message holds it', async () => {
    const locked = await startRedisServer()
    const admin = new Redis(locked.url)
    await admin.config('SET', 'requirepass', 'right')
    admin.disconnect()
    const failure = await waitForRedis(locked.url.replace('redis://', 'redis://:wrong-secret@'), {
      deadlineMs: 30_000,
      signal: never,
    }).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'unavailable', message: expect.stringContaining('refuses the user or password') })
    expect(String(failure)).not.toContain('wrong-secret')
    await locked.stop()
  })

  it('has a namespace for each bot, and refuses a prefix that is another bot’s', async () => {
    await redis.flushall()
    const [one, two] = [await claimNamespace(redis, 'B1', undefined), await claimNamespace(redis, 'B2', undefined)]
    expect(new Set([one.state, two.state, one.jobs, two.jobs, one.cancel, two.cancel]).size).toBe(6)
    expect(await claimNamespace(redis, 'B1', undefined)).toEqual(one)
    expect((await claimNamespace(redis, 'B1', 'team')).state).toContain('team')
    await expect(claimNamespace(redis, 'B2', 'team')).rejects.toMatchObject({ code: 'bad_config' })
  })

  it('lets the first bot keep what was written before there were namespaces', async () => {
    await redis.flushall()
    await redis.zadd('prompts:state:i:run', 1, 'run:r-1')
    expect(await claimNamespace(redis, 'B1', undefined)).toMatchObject({ state: 'prompts:state:', jobs: 'bull' })
    expect((await claimNamespace(redis, 'B2', undefined)).state).toBe('prompts:B2:state:')
    expect((await claimNamespace(redis, 'B1', undefined)).state).toBe('prompts:state:')
  })

  it('follows a fail-over: a server that became a replica is left for the one that is master now', async () => {
    const other = await startRedisServer()
    let target = server.port
    const sockets = new Set<Socket>()
    const { connect } = await import('node:net')
    const proxy = createServer((client) => {
      const upstream = connect(target, '127.0.0.1')
      sockets.add(client)
      client.pipe(upstream).pipe(client)
      for (const socket of [client, upstream]) socket.on('error', () => {})
      client.on('close', () => upstream.destroy())
    })
    const port = await freePort()
    await new Promise<void>((resolve) => proxy.listen(port, '127.0.0.1', resolve))
    const errors: string[] = []
    const through = openRedis(`redis://127.0.0.1:${port}`, { onError: (error) => errors.push(error.message) })
    await through.set('a', '1')
    await redis.replicaof('127.0.0.1', String(other.port))
    target = other.port
    await vi.waitFor(async () => expect(await through.set('b', '2')).toBe('OK'), patient)
    through.disconnect()
    await redis.replicaof('NO', 'ONE')
    for (const socket of sockets) socket.destroy()
    proxy.close()
    await other.stop()
  })
})

describe('the address of Redis', () => {
  it('is named without its secrets', () => {
    expect(hostOf('redis://user:secret@redis.internal:6379/2')).toBe('redis.internal:6379')
    expect(hostOf('redis+sentinel://:secret@one:26379,two:26379/main')).toBe('main (by Sentinel)')
  })

  it('is refused where it is none', () => {
    for (const url of ['', 'http://x', 'localhost:6379', 'redis+sentinel://one:26379']) {
      expect(() => openRedis(url, { onError: () => {} })).toThrow(/REDIS_URL/)
    }
  })
})
