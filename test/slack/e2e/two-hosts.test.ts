import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { lacks, needing } from '../../support/needs.ts'
import { type RedisServer, startRedisServer } from '../../support/redis-server.ts'
import { type S3Server, startS3Server } from '../../support/s3-server.ts'
import { Forwarder } from '../../support/slack/forwarder.ts'
import { type Spawned, spawnBot } from '../../support/slack/spawn.ts'
import { printThread, Workspace } from '../../support/slack/workspace.ts'
import { patient } from '../../support/soon.ts'

const fakeClock = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1'

/** The environment of a host whose clock is off by this. */
function clockOff(by: string): Record<string, string> {
  return existsSync(fakeClock) ? { LD_PRELOAD: fakeClock, FAKETIME: by, FAKETIME_DONT_FAKE_MONOTONIC: '1' } : {}
}

const missing = lacks('redis-server') || lacks('moto')
describe.skipIf(missing)(needing('hosts without a shared disk, with clocks of their own', 'redis-server', 'moto'), () => {
  let redis: RedisServer
  let bucket: S3Server
  let slack: Workspace
  const homes: string[] = []
  const processes: Spawned[] = []
  const start = async (place: number, args: Record<string, string | true>, env: Record<string, string> = {}) => {
    const home = mkdtempSync(join(tmpdir(), 'prompts-host-'))
    homes.push(home)
    const store = { runs: `s3://runs/bot-${place}`, 's3-endpoint': bucket.endpoint }
    const spawned = await spawnBot({ home, api: slack.apiUrl, redis: `${redis.url}/${place}`, ...store, ...args }, env)
    processes.push(spawned)
    return spawned
  }
  const objects = async (place: number) =>
    (await bucket.client.send(new ListObjectsV2Command({ Bucket: 'runs', Prefix: `bot-${place}/` }))).Contents?.map(
      ({ Key }) => Key ?? '',
    ) ?? []

  beforeAll(async () => {
    redis = await startRedisServer()
    bucket = await startS3Server('runs')
    slack = await Workspace.start({ channels: 3 })
  }, 120_000)
  afterAll(async () => {
    for (const one of processes) await one.kill('SIGKILL')
    await slack?.stop()
    await bucket?.stop()
    await redis?.stop()
    for (const home of homes) rmSync(home, { recursive: true, force: true })
  })

  // beside each other: each with a database, a part of the bucket and a channel of its own
  it.concurrent.each(['-2h', '+2h', '-3s'])(
    'a diagnosis, an adoption and a forgetting, with the worker’s clock %s off',
    { timeout: 180_000 },
    async (off) => {
      const place = ['-2h', '+2h', '-3s'].indexOf(off)
      const channel = slack.channels[place]!
      const server = await start(place, { role: 'serve' })
      const worker = await start(place, { role: 'worker', 'stage-ms': '300' }, clockOff(off))
      const forwarder = new Forwarder(slack, server.said)
      const ts = await forwarder.mention({ person: 0, channel, text: '@prompts diagnose exp-123' })
      await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), patient)
      const root = async () => printThread((await slack.answers(channel, ts)).slice(0, 1))
      await vi.waitFor(async () => expect(await root()).toContain('bound by communication'), patient)

      const [summary] = await slack.answers(channel, ts)
      await forwarder.react({ person: 0, channel, ts: summary!.ts, name: 'two' })
      await vi.waitFor(async () => expect(printThread(await slack.answers(channel, ts))).toContain('adopted card 2'), patient)
      // what is remembered of the run is in the bucket, and on neither host
      const run = (await objects(place))
        .map((key) => /runs\/(run-[^/]+)\/diagnosis\.json$/.exec(key)?.[1])
        .find((name) => name !== undefined)
      expect(run).toBeDefined()
      for (const home of homes) expect(readdirSync(home)).not.toContain('memory')

      await forwarder.command({ person: 0, channel, text: `forget ${run}`, responseUrl: '' })
      await vi.waitFor(async () => expect((await objects(place)).filter((key) => key.includes(run!))).toEqual([]), patient)
      expect(slack.gate.violations).toEqual([])
      await worker.kill('SIGTERM')
      await server.kill('SIGTERM')
    },
  )
})
