import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { lacks, needing } from '../../support/needs.ts'
import { freePort, type RedisServer, startRedisServer } from '../../support/redis-server.ts'
import { Forwarder } from '../../support/slack/forwarder.ts'
import { type Spawned, spawnBot } from '../../support/slack/spawn.ts'
import { printThread, Workspace } from '../../support/slack/workspace.ts'
import { patient } from '../../support/soon.ts'

// beside each other: each with its own folder, database and channel; most of their time is waiting for locks of the killed to end
describe.skipIf(lacks('redis-server')).concurrent(needing('serve and workers as processes, with Redis', 'redis-server'), () => {
  let redis: RedisServer
  let slack: Workspace
  const homes: string[] = []
  const processes: Spawned[] = []
  const host = () => {
    const home = mkdtempSync(join(tmpdir(), 'prompts-e2e-'))
    const database = `${redis.url}/${homes.push(home)}`
    return async (args: Record<string, string | true>) => {
      const spawned = await spawnBot({ home, api: slack.apiUrl, redis: database, ...args })
      processes.push(spawned)
      return spawned
    }
  }

  beforeAll(async () => {
    redis = await startRedisServer()
    slack = await Workspace.start({ channels: 4 })
  })
  afterAll(async () => {
    for (const one of processes) await one.kill('SIGKILL')
    await slack?.stop()
    await redis?.stop()
    for (const home of homes) rmSync(home, { recursive: true, force: true })
  })

  it('a worker killed in mid-run and the server killed between ack and answer: one summary and three cards', {
    timeout: 120_000,
  }, async () => {
    const start = host()
    const channel = slack.channels[0]!
    const port = String(await freePort())
    const server = await start({ role: 'serve', port, 'stage-ms': '600000' })
    const worker = await start({ role: 'worker', 'stage-ms': '600000' })
    const forwarder = new Forwarder(slack, server.said)
    const ts = await forwarder.mention({ person: 0, channel, text: '@prompts diagnose exp-123' })
    expect(forwarder.ackMs).toHaveLength(1)

    // acked; the run is on its way
    await vi.waitFor(async () => expect((await slack.answers(channel, ts)).length).toBeGreaterThan(0), patient)
    await worker.kill('SIGKILL')
    await server.kill('SIGKILL')
    await sleep(500)
    expect((await slack.answers(channel, ts)).length).toBe(1)

    const again = await start({ role: 'serve', port, 'stage-ms': '50' })
    const other = await start({ role: 'worker', 'stage-ms': '50' })
    // Slack did not hear of the crash; a late retry of the same delivery must change nothing
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), patient)
    await vi.waitFor(
      async () => expect(printThread((await slack.answers(channel, ts)).slice(0, 1))).toContain('bound by communication'),
      patient,
    )
    await sleep(3000)
    const thread = await slack.thread(channel, ts)
    console.log(`${printThread(thread)}\n`)
    expect(thread).toHaveLength(5)
    expect(slack.gate.violations).toEqual([])
    await again.kill('SIGTERM')
    await other.kill('SIGTERM')
  })

  it('a server killed right after the ack: the other one answers', { timeout: 120_000 }, async () => {
    const start = host()
    const channel = slack.channels[2]!
    const first = await start({ role: 'serve' })
    const second = await start({ role: 'serve' })
    const worker = await start({ role: 'worker', 'stage-ms': '20' })
    const forwarder = new Forwarder(slack, first.said)
    const ts = await forwarder.mention({ person: 0, channel, text: '@prompts diagnose exp-123' })
    await first.kill('SIGKILL')
    await vi.waitFor(async () => expect((await slack.answers(channel, ts)).length).toBeGreaterThan(0), patient)
    await vi.waitFor(async () => expect(await slack.answers(channel, ts)).toHaveLength(4), patient)
    await worker.kill('SIGTERM')
    await second.kill('SIGTERM')
  })

  it('a worker killed while it posts: no message is lost or doubled', { timeout: 120_000 }, async () => {
    const start = host()
    const channel = slack.channels[1]!
    const server = await start({ role: 'serve' })
    const worker = await start({ role: 'worker' })
    const forwarder = new Forwarder(slack, server.said)
    const asked = await Promise.all([0, 1, 2].map((at) => forwarder.mention({ person: at, channel, text: `@prompts diagnose exp-${at}` })))
    const count = async () => (await Promise.all(asked.map((ts) => slack.answers(channel, ts)))).map((found) => found.length)
    await vi.waitFor(async () => expect((await count()).reduce((a, b) => a + b, 0)).toBeGreaterThanOrEqual(4), patient)
    await worker.kill('SIGKILL')
    const other = await start({ role: 'worker' })
    await vi.waitFor(async () => expect(await count()).toEqual([4, 4, 4]), patient)
    await sleep(4000)
    expect(await count()).toEqual([4, 4, 4])
    expect(slack.gate.violations).toEqual([])
    await other.kill('SIGTERM')
    await server.kill('SIGTERM')
  })
})
