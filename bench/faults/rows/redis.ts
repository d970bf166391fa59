import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { findProgram } from '../../../test/support/needs.ts'
import { freePort, startRedisServer } from '../../../test/support/redis-server.ts'
import { startServer } from '../../../test/support/start-server.ts'
import type { Row, Seen } from '../row.ts'
import type { Stage } from '../stage.ts'

const faultSeconds = 8

/** serve and a worker, two questions on their way; the fault; one more question in it; the fault ends; all must be answered. */
async function during(stage: Stage, fault: (admin: Redis) => Promise<void>, end: (admin: Redis) => Promise<void>): Promise<Seen> {
  const redis = await stage.startRedis()
  await stage.serve()
  const { health } = await stage.watchedWorker()
  await stage.ask()
  await stage.ask()
  const admin = new Redis(redis.url, { maxRetriesPerRequest: null })
  admin.on('error', () => {})
  stage.onClose(() => admin.disconnect())
  await sleep(500)
  await fault(admin)
  await stage.ask()
  await sleep(faultSeconds * 500)
  const ready = await fetch(`${health}/ready`, { signal: AbortSignal.timeout(5000) }).then(
    async (response) => `${response.status} ${await response.text()}`,
    (error: unknown) => String(error),
  )
  const live = await fetch(`${health}/live`, { signal: AbortSignal.timeout(5000) }).then(
    (response) => response.status,
    () => 0,
  )
  await sleep(faultSeconds * 500)
  await end(admin)
  const wrong: string[] = []
  if (!ready.startsWith('503')) wrong.push(`/ready said ${ready.slice(0, 60)}`)
  if (live !== 200) wrong.push(`/live said ${live}`)
  if (!(await stage.settle(120))) wrong.push('not all answered in 120 s')
  const reason = /"state":\{"ok":false,"detail":"([^"]*)"/.exec(ready)?.[1] ?? ready.slice(0, 80)
  return { saw: `all answered; meanwhile /ready 503: "${reason}", /live 200`, wrong, faultSeconds: faultSeconds + 1 }
}

export const redisRows: Row[] = [
  {
    name: 'Redis away at start',
    how: 'serve and worker started 6 s before redis-server',
    async run(stage) {
      const port = await freePort()
      const env = { REDIS_URL: `redis://127.0.0.1:${port}` }
      const [server, worker] = [stage.spawn('serve', { env }), stage.spawn('worker', { env })]
      await server.says('waiting for Redis', 20_000)
      await sleep(6000)
      const redis = await startRedisServer({ port })
      stage.onClose(() => redis.stop())
      const wrong: string[] = []
      if ((await server.says('listening on', 30_000)) === null) wrong.push('serve did not come up')
      if ((await worker.says('processing queues', 30_000)) === null) wrong.push('the worker did not come up')
      stage.forwarder.url = server.url
      await stage.ask()
      if (!(await stage.settle(90))) wrong.push('not answered')
      return { saw: `"waiting for Redis", then both up by themselves; answered`, wrong }
    },
  },
  {
    name: 'Redis never there',
    how: 'no redis-server; PROMPTS_START_SECONDS=3; another worker gets SIGTERM while it waits',
    async run(stage) {
      const base = { REDIS_URL: `redis://127.0.0.1:${await freePort()}` }
      const worker = stage.spawn('worker', { env: { ...base, PROMPTS_START_SECONDS: '3' } })
      const stopped = stage.spawn('worker', { env: { ...base, PROMPTS_START_SECONDS: '600' } })
      await stopped.says('waiting for Redis', 30_000)
      const { ms } = await stopped.end('SIGTERM')
      await worker.ended(40_000)
      const said = worker.lines.find((line) => line.includes('(waited')) ?? ''
      const wrong = [
        ...(worker.child.exitCode === 4 ? [] : [`exit code ${worker.child.exitCode}`]),
        ...(said.includes('(waited 3 s)') ? [] : ['no reason with the wait']),
        ...(ms < 5000 ? [] : [`SIGTERM took ${ms} ms`]),
      ]
      return {
        saw: `exit 4: "${said.replace(/^.*?prompts: /, '').replaceAll(/127\.0\.0\.1:\d+/g, 'HOST:PORT')}"; SIGTERM while waiting ends it`,
        wrong,
      }
    },
  },
  {
    name: 'Redis killed and back',
    how: 'kill -9 of redis-server in mid-run, started 8 s later on its append-only file',
    async run(stage) {
      return during(
        stage,
        async () => stage.redis?.kill(),
        async () => stage.redis?.again(),
      )
    },
  },
  {
    name: 'Redis full',
    how: 'maxmemory below what is used, noeviction, for 8 s in mid-run',
    run: (stage) =>
      during(
        stage,
        async (admin) => void (await admin.config('SET', 'maxmemory', '1mb')),
        async (admin) => void (await admin.config('SET', 'maxmemory', '0')),
      ),
  },
  {
    name: 'Redis read-only',
    how: 'REPLICAOF a host that is not there, for 8 s in mid-run: every write is READONLY',
    run: (stage) =>
      during(
        stage,
        async (admin) => void (await admin.replicaof('127.0.0.1', '1')),
        async (admin) => void (await admin.replicaof('NO', 'ONE')),
      ),
  },
  {
    name: 'Redis paused',
    how: 'SIGSTOP of redis-server for 8 s in mid-run',
    run: (stage) =>
      during(
        stage,
        async () => stage.redis?.pause(),
        async () => stage.redis?.resume(),
      ),
  },
  {
    name: 'Redis lost all it held',
    how: 'kill -9 in mid-run, and started 2 s later with an empty folder',
    async run(stage) {
      const redis = await stage.startRedis()
      await stage.serve()
      const worker = await stage.worker()
      await stage.ask()
      await stage.ask()
      await stage.until(20, async () => (await stage.slack.answers(stage.questions[0]!.channel, stage.questions[0]!.ts)).length > 0)
      await worker.end('SIGKILL')
      await redis.kill()
      await sleep(2000)
      await redis.again({ empty: true })
      await stage.worker()
      const wrong = (await stage.settle(120)) ? [] : ['not all answered in 120 s']
      return { saw: 'the runs went on from their store; answered in the messages that waited', wrong, faultSeconds: 8 }
    },
  },
  {
    name: 'A fail-over by Sentinel',
    how: 'a master, a replica and a Sentinel; kill -9 of the master in mid-run',
    async run(stage) {
      const [master, replica] = [await startRedisServer(), await startRedisServer()]
      for (const one of [master, replica]) stage.onClose(() => one.stop())
      const admin = new Redis(replica.url)
      await admin.replicaof('127.0.0.1', String(master.port))
      const linked = async () => (await admin.info('replication')).includes('master_link_status:up')
      const wrong = (await stage.until(20, linked)) ? [] : ['the replica did not follow']
      const port = await startSentinel(stage, master.port)
      const env = { REDIS_URL: `redis+sentinel://127.0.0.1:${port}/main` }
      await stage.serve({ env })
      await stage.worker({ env })
      await stage.ask()
      await stage.ask()
      await stage.until(20, async () => (await stage.slack.answers(stage.questions[0]!.channel, stage.questions[0]!.ts)).length > 0)
      await master.kill()
      await stage.ask()
      const isMaster = async () => (await admin.info('replication')).includes('role:master')
      const began = performance.now()
      if (!(await stage.until(60, isMaster))) wrong.push('Sentinel made no other master')
      const seconds = (performance.now() - began) / 1000
      admin.disconnect()
      await stage.ask()
      if (!(await stage.settle(120))) wrong.push('not all answered in 120 s')
      return { saw: `another master after ${seconds.toFixed(0)} s; followed, all answered`, wrong, faultSeconds: Math.ceil(seconds) + 6 }
    },
  },
  {
    name: 'A run lost on a busy bot',
    how: 'one job deleted from the queue by hand while a dozen others wait and run',
    async run(stage) {
      const redis = await stage.startRedis()
      await stage.serve()
      for (let at = 0; at < 12; at += 1) await stage.ask()
      const admin = new Redis(redis.url)
      const waiting = async () => (await admin.keys('*:jobs:prompts-runs:run-*')).sort()
      await stage.until(20, async () => (await waiting()).length === 12)
      const lost = (await waiting()).at(-1)!
      await admin.multi().del(lost).zrem('prompts:B0BOT00001:jobs:prompts-runs:prioritized', lost.split(':').at(-1)!).exec()
      admin.disconnect()
      // slower than they come, so that there is no quiet moment
      await stage.worker({ env: { PROMPTS_WORKERS: '1' } })
      let isOver = false
      const more = (async () => {
        for (let at = 0; at < 20 && !isOver; at += 1) {
          await stage.ask()
          await sleep(2000)
        }
      })()
      const told = await stage.until(60, async () =>
        (await Promise.all(stage.questions.slice(0, 12).map((one) => stage.read(one)))).some((text) => text.includes('interrupted')),
      )
      isOver = true
      await more
      const wrong = told ? [] : ['the lost run was not told within a minute']
      if (!(await stage.settle(120))) wrong.push('not all answered')
      const said = (await Promise.all(stage.questions.map((one) => stage.read(one)))).find((text) => text.includes('interrupted')) ?? ''
      return { saw: `within a minute: "${said.split('\n')[0]?.replace('prompts: ', '').slice(0, 160)}"; the others answered`, wrong }
    },
  },
]

/** A Sentinel that calls the master dead after two seconds. @returns Its port. */
async function startSentinel(stage: Stage, master: number): Promise<number> {
  const port = await freePort()
  const file = join(stage.folder, 'sentinel.conf')
  const lines = [`port ${port}`, 'bind 127.0.0.1', `dir ${stage.folder}`, `sentinel monitor main 127.0.0.1 ${master} 1`]
  writeFileSync(file, [...lines, 'sentinel down-after-milliseconds main 2000', 'sentinel failover-timeout main 5000', ''].join('\n'))
  const server = await startServer({
    command: [findProgram('redis-server')!, file, '--sentinel'],
    port,
    ready: async () =>
      await new Promise<boolean>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => {
          socket.destroy()
          resolve(true)
        })
        socket.on('error', () => resolve(false))
      }),
  })
  stage.onClose(() => server.stop())
  return port
}
