import { Redis, type RedisOptions } from 'ioredis'
import { PromptsError } from '../errors.ts'

export interface OpenRedisOptions {
  onError: (error: Error) => void
  /** Commands wait as long as Redis is away: for workers' and subscribers' connections. Default: they fail after some tries. */
  patient?: boolean
  more?: RedisOptions
}

const connectTimeoutMs = 5000
const mostBetweenTriesMs = 2000

/**
 * A connection by an address: `redis://`, `rediss://`, or `redis+sentinel://:PASSWORD@HOST:PORT,HOST:PORT/NAME` for the master
 * that Sentinels name. It reconnects as long as it is open, and at once where its server became a replica, which answers READONLY
 * to every write.
 * @throws PromptsError `bad_config` for an address that is none.
 */
export function openRedis(url: string, { onError, patient = false, more = {} }: OpenRedisOptions): Redis {
  const options: RedisOptions = {
    connectTimeout: connectTimeoutMs,
    maxRetriesPerRequest: patient ? null : 3,
    retryStrategy: (times) => Math.min(mostBetweenTriesMs, 100 * times),
    // 2: and send again what was refused
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
    ...more,
  }
  const address = readAddress(url)
  const redis = 'sentinels' in address ? new Redis({ ...options, ...address }) : new Redis(address.url, options)
  redis.on('error', onError)
  return redis
}

/** Host and port for messages: nothing secret of the address. */
export function hostOf(url: string): string {
  const address = readAddress(url)
  if ('sentinels' in address) return `${address.name} (by Sentinel)`
  const { host } = new URL(address.url)
  return host === '' ? 'the configured address' : host
}

type Address = { url: string } | { sentinels: { host: string; port: number }[]; name: string; password?: string; db?: number }

function readAddress(url: string): Address {
  const refused = () =>
    new PromptsError('bad_config', 'REDIS_URL is not an address of Redis', {
      hint: 'redis://HOST:PORT, rediss://…, or redis+sentinel://HOST:PORT,HOST:PORT/NAME',
    })
  const sentinel = /^redis\+sentinel:\/\/(?:[^:@/]*:([^@/]*)@)?([^/]+)\/([^/?]+)(?:\/(\d+))?$/.exec(url)
  if (sentinel !== null) {
    const [, password, hosts = '', name = '', db] = sentinel
    const sentinels = hosts.split(',').map((one) => {
      const [host = '', port = '26379'] = one.split(':')
      return { host, port: Number(port) }
    })
    const secret = password === undefined || password === '' ? {} : { password: decodeURIComponent(password) }
    return { sentinels, name, ...secret, ...(db === undefined ? {} : { db: Number(db) }) }
  }
  if (!/^rediss?:\/\//.test(url) || !URL.canParse(url)) throw refused()
  return { url }
}
