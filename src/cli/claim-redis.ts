import { hostname } from 'node:os'
import type { Config } from '../config.ts'
import { claimNamespace, type Namespace, proveSameStore } from '../redis/namespace.ts'
import { openRedis } from '../redis/open-redis.ts'
import { bringRedisUpToDate } from '../redis/state-layout.ts'
import { waitForRedis } from '../redis/wait-for-redis.ts'
import { openRunStore } from '../runs/memory/open-memory.ts'
import type { Log } from '../slack/log.ts'
import { askWhoIAm } from '../slack/who-am-i.ts'

/**
 * Waits for Redis and finds this bot's place in it; undefined without Redis. @throws PromptsError `unavailable`, `bad_config`.
 */
export async function claimRedis(config: Config, log: Log, signal: AbortSignal): Promise<Namespace | undefined> {
  const url = config.REDIS_URL
  if (url === undefined) return undefined
  const deadlineMs = config.PROMPTS_START_SECONDS * 1000
  const { problems } = await waitForRedis(url, { deadlineMs, signal, onWait: (reason) => log.warn('waiting for Redis', { reason }) })
  for (const problem of problems) log.warn(`Redis: ${problem}`)
  const bot = await askWhoIAm({ config, log, signal, deadlineMs })
  const redis = openRedis(url, { onError: () => {} })
  try {
    const namespace = await claimNamespace(redis, bot, config.PROMPTS_REDIS_PREFIX)
    await bringRedisUpToDate({ redis, namespace })
    const { memory, where } = openRunStore(config)
    await proveSameStore(redis, namespace, { id: await memory.identity(), where: `${where} on ${hostname()}` })
    return namespace
  } finally {
    redis.disconnect()
  }
}
