import { PromptsError } from '../errors.ts'
import { hostOf, openRedis } from './open-redis.ts'

export interface RedisCheck {
  version: string
  /** What must be mended before Redis may hold accepted work; empty where all is well. */
  problems: string[]
}

/** A key that is written and deleted again to see whether Redis takes writes. */
const probeKey = 'prompts:probe'
/** Memory that is nearly used up refuses the next write. */
const nearlyFull = 0.95

/**
 * Whether this Redis keeps what it accepts: it takes writes (tried unless told not to), `maxmemory-policy noeviction`,
 * append-only file on, room left.
 * @throws PromptsError `unavailable` where it does not answer in `timeoutMs` or takes no writes; not retryable for a wrong
 *   password.
 */
export async function checkRedis(url: string, { timeoutMs = 3000, writes = true } = {}): Promise<RedisCheck> {
  let last: Error | null = null
  const redis = openRedis(url, {
    onError: (error) => {
      last = error
    },
    more: {
      lazyConnect: true,
      connectTimeout: timeoutMs,
      commandTimeout: timeoutMs,
      retryStrategy: () => null,
      reconnectOnError: () => false,
    },
  })
  try {
    await redis.connect()
    if (writes) await redis.set(probeKey, '1', 'PX', 1000)
    const info = await redis.info()
    const fact = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? ''
    const problems: string[] = []
    if (fact('role') === 'slave') problems.push('it is a read-only replica: point REDIS_URL at the master')
    const policy = fact('maxmemory_policy')
    if (policy !== 'noeviction') problems.push(`maxmemory-policy is ${policy || 'unknown'}: set noeviction, or accepted runs can vanish`)
    if (fact('aof_enabled') !== '1') problems.push('the append-only file is off: set appendonly yes, or a restart loses accepted runs')
    const [used, most] = [Number(fact('used_memory')), Number(fact('maxmemory'))]
    if (most > 0 && used / most > nearlyFull) problems.push(`its memory is ${Math.round((used / most) * 100)}% full: raise maxmemory`)
    return { version: fact('redis_version'), problems }
  } catch (cause) {
    throw explain(url, last ?? cause)
  } finally {
    redis.disconnect()
  }
}

function explain(url: string, cause: unknown): PromptsError {
  const host = hostOf(url)
  const text = cause instanceof Error ? cause.message : String(cause)
  if (/WRONGPASS|NOAUTH|invalid.*password|without any password|NOPERM/i.test(text)) {
    return new PromptsError('unavailable', `Redis at ${host} refuses the user or password`, {
      hint: 'Correct the user and password in REDIS_URL.',
      cause,
      retryable: false,
    })
  }
  if (text.startsWith('READONLY')) {
    return new PromptsError('unavailable', `Redis at ${host} is a read-only replica`, { hint: 'Point REDIS_URL at the master.', cause })
  }
  if (text.startsWith('OOM') || text.startsWith('MISCONF')) {
    return new PromptsError('unavailable', `Redis at ${host} takes no writes: ${text.slice(0, 160)}`, {
      hint: 'Give it memory (maxmemory) or disk, then start again.',
      cause,
    })
  }
  return new PromptsError('unavailable', `Redis at ${host} does not answer`, {
    hint: 'Check REDIS_URL and that the server runs; without REDIS_URL jobs run in this process.',
    cause,
  })
}
