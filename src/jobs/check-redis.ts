import { Redis } from 'ioredis'
import { PromptsError } from '../errors.ts'

export interface RedisCheck {
  version: string
  /** What must be mended before Redis may hold accepted work; empty where all is well. */
  problems: string[]
}

/**
 * Whether this Redis keeps what it accepts: `maxmemory-policy noeviction` and append-only file on.
 * @throws PromptsError `unavailable` where it does not answer in `timeoutMs`.
 */
export async function checkRedis(url: string, timeoutMs = 3000): Promise<RedisCheck> {
  const redis = new Redis(url, { lazyConnect: true, connectTimeout: timeoutMs, commandTimeout: timeoutMs, retryStrategy: () => null })
  redis.on('error', () => {})
  try {
    await redis.connect()
    const info = await redis.info()
    const fact = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? ''
    const problems: string[] = []
    const policy = fact('maxmemory_policy')
    if (policy !== 'noeviction') problems.push(`maxmemory-policy is ${policy || 'unknown'}; set noeviction, or accepted runs can vanish`)
    if (fact('aof_enabled') !== '1') problems.push('the append-only file is off; set appendonly yes, or a restart loses accepted runs')
    return { version: fact('redis_version'), problems }
  } catch (cause) {
    const host = redis.options.host ?? ''
    throw new PromptsError('unavailable', `Redis at ${host}:${redis.options.port} does not answer`, {
      hint: 'Check REDIS_URL and that the server runs; without REDIS_URL jobs run in this process.',
      cause,
    })
  } finally {
    redis.disconnect()
  }
}
