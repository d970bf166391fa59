import type { Redis } from 'ioredis'
import { PromptsError } from '../errors.ts'

/** Where one bot's entries lie in a Redis that others may use too. */
export interface Namespace {
  /** Before the keys of the state store. */
  state: string
  /** BullMQ's own prefix of queues. */
  jobs: string
  /** Before channels and keys of cancelling. */
  cancel: string
  /** Says which bot it is. */
  owner: string
}

/** The namespace that the first bot of a Redis had before namespaces carried the bot's id. */
const first: Namespace = { state: 'prompts:state:', jobs: 'bull', cancel: 'prompts:cancel:', owner: 'prompts:owner' }

export function namespaceOf(name: string): Namespace {
  const base = `prompts:${name}:`
  return { state: `${base}state:`, jobs: `${base}jobs`, cancel: `${base}cancel:`, owner: `${base}owner` }
}

/**
 * The namespace of a bot: a prefix that the operator gave, else the bot's own id. A Redis whose entries were written before there
 * were namespaces stays the namespace of the first bot that asks.
 * @throws PromptsError `bad_config` where the given prefix is another bot's.
 */
export async function claimNamespace(redis: Redis, bot: string, prefix: string | undefined): Promise<Namespace> {
  if (prefix !== undefined) {
    const given = namespaceOf(prefix)
    const owner = await claim(redis, given, bot)
    if (owner === bot) return given
    throw new PromptsError('bad_config', `Redis has the prefix "${prefix}" for another bot (${owner}), not for this one (${bot})`, {
      hint: 'Give this bot a PROMPTS_REDIS_PREFIX of its own, or none: then its own id is its prefix.',
    })
  }
  const isOld = (await redis.exists(`${first.state}i:tenant`, `${first.state}i:run`, `${first.state}i:installation`)) > 0
  if (isOld && (await claim(redis, first, bot)) === bot) return first
  const own = namespaceOf(bot)
  await claim(redis, own, bot)
  return own
}

async function claim(redis: Redis, namespace: Namespace, bot: string): Promise<string> {
  await redis.set(namespace.owner, bot, 'NX')
  return (await redis.get(namespace.owner)) ?? bot
}

/**
 * Proves that all processes of a bot keep runs in one place: the first one's store stands.
 * @throws PromptsError `bad_config` where this process's store is another.
 */
export async function proveSameStore(redis: Redis, namespace: Namespace, store: { id: string; where: string }): Promise<void> {
  const key = `${namespace.owner}:store`
  const own = JSON.stringify(store)
  await redis.set(key, own, 'NX')
  const stands = (await redis.get(key)) ?? own
  const { id, where } = JSON.parse(stands) as typeof store
  if (id === store.id) return
  throw new PromptsError('bad_config', `This process keeps runs in ${store.where}, but the bot's other processes keep them in ${where}`, {
    hint: `Give all of them one PROMPTS_HOME on a shared disk, or one PROMPTS_RUNS bucket. If the old place is gone for good: redis-cli DEL ${key}`,
  })
}
