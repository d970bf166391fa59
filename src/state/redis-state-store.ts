import type { Redis } from 'ioredis'
import type { Pace, StateStore } from './state-store.ts'

/** A script with Redis' own clock, so that processes on several machines agree. */
const scripts = {
  // KEYS: entry, index; ARGV: value, ttl, full key, only if absent
  put: `
    local t = redis.call('TIME'); local now = t[1] * 1000 + math.floor(t[2] / 1000)
    if ARGV[4] == '1' then
      if not redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') then return redis.call('GET', KEYS[1]) end
    else
      redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    end
    redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
    redis.call('ZADD', KEYS[2], now + ARGV[2], ARGV[3])
    local left = redis.call('PTTL', KEYS[2])
    if left < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[2], ARGV[2]) end
    return ARGV[1]`,
  add: `
    local n = redis.call('INCRBYFLOAT', KEYS[1], ARGV[1])
    if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
    return tostring(n)`,
  take: `
    local t = redis.call('TIME'); local now = t[1] * 1000 + t[2] / 1000
    local tat = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
    local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
    local wait = tat - (burst - 1) * interval - now
    if wait > 0 then return tostring(wait) end
    redis.call('SET', KEYS[1], string.format('%.3f', tat + interval), 'PX', math.ceil(tat + interval - now) + 1000)
    return '0'`,
  hold: `
    local t = redis.call('TIME'); local now = t[1] * 1000 + t[2] / 1000
    local tat = now + tonumber(ARGV[1])
    if ARGV[2] ~= '1' then tat = math.max(tat, tonumber(redis.call('GET', KEYS[1]) or '0')) end
    redis.call('SET', KEYS[1], string.format('%.3f', tat), 'PX', math.ceil(tat - now) + 1000)
    return 1`,
} as const

/** State in Redis, for any number of processes. The connection is the caller's unless `ownsConnection`. */
export class RedisStateStore implements StateStore {
  readonly #redis: Redis
  readonly #prefix: string
  readonly #owns: boolean

  constructor(redis: Redis, options: { prefix?: string; ownsConnection?: boolean } = {}) {
    this.#redis = redis
    this.#prefix = options.prefix ?? 'prompts:state:'
    this.#owns = options.ownsConnection ?? false
  }

  async claim(key: string, ttlMs: number): Promise<boolean> {
    return (await this.#redis.set(this.#key(key), '1', 'PX', whole(ttlMs), 'NX')) === 'OK'
  }

  async release(key: string): Promise<void> {
    await this.delete(key)
  }

  async get(key: string): Promise<string | null> {
    return this.#redis.get(this.#key(key))
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    await this.#put(key, value, ttlMs, false)
  }

  async setIfAbsent(key: string, value: string, ttlMs: number): Promise<string> {
    return this.#put(key, value, ttlMs, true)
  }

  async delete(key: string): Promise<void> {
    await this.#redis.multi().del(this.#key(key)).zrem(this.#index(key), key).exec()
  }

  async increment(key: string, by: number, ttlMs: number): Promise<number> {
    return Number(await this.#redis.eval(scripts.add, 1, this.#key(key), String(by), String(whole(ttlMs))))
  }

  async list(prefix: string, limit: number): Promise<{ key: string; value: string }[]> {
    const members = await this.#redis.zrange(this.#index(prefix), '0', '-1')
    const keys = members.filter((key) => key.startsWith(prefix)).sort()
    const found: { key: string; value: string }[] = []
    for (let at = 0; at < keys.length && found.length < limit; at += 500) {
      const some = keys.slice(at, at + 500)
      const values = await this.#redis.mget(some.map((key) => this.#key(key)))
      for (const [index, key] of some.entries()) {
        const value = values[index]
        if (typeof value === 'string' && found.length < limit) found.push({ key, value })
      }
    }
    return found
  }

  async take(key: string, pace: Pace): Promise<number> {
    return Number(await this.#redis.eval(scripts.take, 1, this.#bucket(key), String(pace.intervalMs), String(pace.burst)))
  }

  async hold(key: string, ms: number, options: { exactly?: boolean } = {}): Promise<void> {
    await this.#redis.eval(scripts.hold, 1, this.#bucket(key), String(ms), options.exactly === true ? '1' : '0')
  }

  async close(): Promise<void> {
    if (this.#owns) this.#redis.disconnect()
  }

  async #put(key: string, value: string, ttlMs: number, onlyIfAbsent: boolean): Promise<string> {
    const flag = onlyIfAbsent ? '1' : '0'
    return String(await this.#redis.eval(scripts.put, 2, this.#key(key), this.#index(key), value, String(whole(ttlMs)), key, flag))
  }

  #key(key: string): string {
    return `${this.#prefix}e:${key}`
  }

  #bucket(key: string): string {
    return `${this.#prefix}b:${key}`
  }

  /** The sorted set (by expiry) of a namespace's keys. */
  #index(key: string): string {
    return `${this.#prefix}i:${key.split(':', 1)[0]}`
  }
}

function whole(ttlMs: number): number {
  return Math.max(1, Math.ceil(ttlMs))
}
