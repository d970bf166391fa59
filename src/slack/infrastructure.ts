import { join } from 'node:path'
import { type Clock, systemClock } from '../clock.ts'
import type { Config } from '../config.ts'
import { BullMqQueue } from '../jobs/bullmq-queue.ts'
import { InProcessQueue } from '../jobs/in-process-queue.ts'
import type { JobQueue } from '../jobs/job-queue.ts'
import { type Namespace, namespaceOf } from '../redis/namespace.ts'
import { openRedis } from '../redis/open-redis.ts'
import { connectionName } from '../redis/state-layout.ts'
import { RedisStateStore } from '../state/redis-state-store.ts'
import { SqliteStateStore } from '../state/sqlite-state-store.ts'
import type { StateStore } from '../state/state-store.ts'
import { type CompileJob, knowsJob, type RunJob } from './deps.ts'
import type { Log } from './log.ts'

export interface Infrastructure {
  clock: Clock
  state: StateStore
  runs: JobQueue<RunJob>
  compiles: JobQueue<CompileJob>
  /** No other process shares these. */
  alone: boolean
  /** Closes the state; the queues are closed by whoever works them. */
  close(): Promise<void>
}

/** State and queues by configuration: Redis with REDIS_URL, else this process and one SQLite file under PROMPTS_HOME. */
export function createInfrastructure(
  config: Config,
  log: Log,
  { clock, namespace = namespaceOf('bot') }: { clock?: Clock; namespace?: Namespace } = {},
): Infrastructure {
  const limit = config.PROMPTS_QUEUE_LIMIT
  const url = config.REDIS_URL
  if (url === undefined) {
    const state = new SqliteStateStore(join(config.PROMPTS_HOME, 'state.db'), clock === undefined ? {} : { clock })
    const runs = new InProcessQueue<RunJob>({ name: 'runs', state, limit })
    const compiles = new InProcessQueue<CompileJob>({ name: 'compiles', state, limit })
    return { clock: clock ?? systemClock, state, runs, compiles, alone: true, close: () => state.close() }
  }
  const onError = (error: Error) => log.warn('Redis', { error: error.message })
  const redis = openRedis(url, { onError, more: { enableAutoPipelining: true, connectionName: connectionName(namespace) } })
  const state = new RedisStateStore(redis, { ownsConnection: true, prefix: namespace.state })
  const queue = { redisUrl: url, limit, onError, prefix: namespace.jobs, cancelPrefix: namespace.cancel, understands: knowsJob }
  // a dead worker's run is another's within 20 s
  const runs = new BullMqQueue<RunJob>({
    ...queue,
    name: 'prompts-runs',
    lockDurationMs: 15_000,
    stalledIntervalMs: 5000,
  })
  // a compilation may take minutes of a core: its own queue, and a lock that outlives a busy event loop
  const compiles = new BullMqQueue<CompileJob>({ ...queue, name: 'prompts-compiles', lockDurationMs: 60_000 })
  return { clock: clock ?? systemClock, state, runs, compiles, alone: false, close: () => state.close() }
}
