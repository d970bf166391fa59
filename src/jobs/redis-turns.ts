import type { Redis } from 'ioredis'
import { flowOf, lastPlace, type Turn } from './turns.ts'

/**
 * What `Turns` does, as one step of Redis: the field `now` is the place that was started last, the others people's last places.
 */
const takeScript = `
if ARGV[5] == '1' then redis.call('DEL', KEYS[1]) end
local now = tonumber(redis.call('HGET', KEYS[1], 'now') or '0')
local last, people = now, 1
local all = redis.call('HGETALL', KEYS[1])
for at = 1, #all, 2 do
  local flow, place = all[at], tonumber(all[at + 1])
  if flow ~= 'now' then
    if place <= now then redis.call('HDEL', KEYS[1], flow)
    elseif flow == ARGV[1] then last = place
    elseif string.sub(flow, 1, #ARGV[2]) == ARGV[2] then people = people + 1 end
  end
end
local place = math.min(tonumber(ARGV[4]), last + people * tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], ARGV[1], place)
redis.call('EXPIRE', KEYS[1], 604800)
return place`

const startedScript = `
if tonumber(ARGV[1]) > tonumber(redis.call('HGET', KEYS[1], 'now') or '0') then redis.call('HSET', KEYS[1], 'now', ARGV[1]) end`

const remembered = 50

/** Places of jobs for every process that shares a Redis, and how long jobs took of late. */
export class RedisTurns {
  readonly #redis: Redis
  readonly #turns: string
  readonly #took: string

  /** @param prefix Before its two keys. */
  constructor(redis: Redis, prefix: string) {
    this.#redis = redis
    this.#turns = `${prefix}:turns`
    this.#took = `${prefix}:took`
  }

  async take({ tenant, person, cost }: Turn, isEmpty: boolean): Promise<number> {
    if (cost === 0) return 0
    const args = [flowOf(tenant, person), flowOf(tenant, ''), String(cost), String(lastPlace), isEmpty ? '1' : '0']
    return Number(await this.#redis.eval(takeScript, 1, this.#turns, ...args))
  }

  async started(place: number): Promise<void> {
    if (place > 0) await this.#redis.eval(startedScript, 1, this.#turns, String(place))
  }

  async ended(ms: number): Promise<void> {
    await this.#redis
      .multi()
      .lpush(this.#took, String(Math.round(ms)))
      .ltrim(this.#took, 0, remembered - 1)
      .expire(this.#took, 604_800)
      .exec()
  }

  /** The mean of the last fifty jobs, milliseconds; null where none ended. */
  async meanMs(): Promise<number | null> {
    const took = (await this.#redis.lrange(this.#took, 0, remembered - 1)).map(Number)
    return took.length === 0 ? null : took.reduce((a, b) => a + b, 0) / took.length
  }
}
