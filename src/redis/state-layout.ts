import type { Redis } from 'ioredis'
import { PromptsError } from '../errors.ts'
import { type LayoutStep, newestOf, stepsFrom } from '../layout/layout-steps.ts'
import type { Namespace } from './namespace.ts'

/** One bot's entries in Redis. */
export interface RedisState {
  redis: Redis
  namespace: Namespace
}

export type RedisStep = LayoutStep<RedisState, Promise<void>>

/** Entries without a version are of the time before, which is the first. */
export const redisSteps: readonly RedisStep[] = [{ to: 1, run: async () => {} }]

/** Never to a lower one: of two processes that start at once the older may be the later. */
const raise = `
if tonumber(ARGV[1]) > tonumber(redis.call('GET', KEYS[1]) or '0') then redis.call('SET', KEYS[1], ARGV[1]) end
return redis.call('GET', KEYS[1])`

/** What a process's connection is called, so that Redis itself knows which versions are there. */
export function connectionName(namespace: Namespace, version = newestOf(redisSteps)): string {
  return `${namespace.owner}/schema-${version}`
}

/**
 * Brings a bot's entries to the layout of this version, once processes of older ones have ended.
 * @throws PromptsError `bad_config` where they are of a newer version; `unavailable` while older processes use what would change.
 */
export async function bringRedisUpToDate(state: RedisState, steps: readonly RedisStep[] = redisSteps): Promise<void> {
  const { redis, namespace } = state
  const key = `${namespace.owner}:schema`
  const version = Number((await redis.get(key)) ?? 0)
  const wanted = stepsFrom(steps, version, 'What this bot keeps in Redis')
  const older = wanted.some(({ to }) => to > 1) ? await countOlder(state, newestOf(steps)) : 0
  if (older > 0) {
    throw new PromptsError('unavailable', `Processes of an older version (${older} connections) use what this one would change in Redis`, {
      hint: 'Stop them; this one does it at its next start.',
    })
  }
  for (const step of wanted) {
    await step.run(state)
    await redis.eval(raise, 1, key, String(step.to))
  }
}

/** Connections of processes of this bot whose version is lower; none where Redis does not say. */
async function countOlder({ redis, namespace }: RedisState, newest: number): Promise<number> {
  const clients = await redis.client('LIST').catch(() => '')
  const names = String(clients).matchAll(/ name=(\S+)/g)
  const prefix = connectionName(namespace, 0).slice(0, -1)
  return [...names].filter(([, name = '']) => name.startsWith(prefix) && Number(name.slice(prefix.length)) < newest).length
}
