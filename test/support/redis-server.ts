import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { findProgram } from './needs.ts'

export interface RedisServer {
  url: string
  port: number
  /** kill -9, as a machine that went down. */
  kill(): Promise<void>
  /** Started again on what it had written, or on nothing. */
  again(options?: { empty?: boolean }): Promise<void>
  /** Stands still, its connections open. */
  pause(): void
  resume(): void
  stop(): Promise<void>
}

/** Starts Debian's redis-server on a free port, as production runs it: AOF on, nothing evicted. */
export async function startRedisServer(options: { appendonly?: boolean; port?: number } = {}): Promise<RedisServer> {
  const program = findProgram('redis-server')
  if (program === null) throw new Error('redis-server is not installed')
  const port = options.port ?? (await freePort())
  const folder = mkdtempSync(join(tmpdir(), 'prompts-redis-'))
  const start = () =>
    spawn(
      program,
      [
        ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--loglevel', 'warning'],
        ...['--appendonly', options.appendonly === false ? 'no' : 'yes', '--maxmemory-policy', 'noeviction'],
      ],
      { stdio: 'ignore' },
    )
  let child = start()
  await answering(port, child)
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill,
    async again({ empty = false } = {}) {
      if (empty) {
        rmSync(folder, { recursive: true, force: true })
        mkdirSync(folder)
      }
      child = start()
      await answering(port, child)
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async stop() {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A port that nothing listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

async function answering(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`)
    const redis = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: () => null })
    redis.on('error', () => {})
    try {
      await redis.connect()
      await redis.ping()
      return
    } catch {
      await sleep(50)
    } finally {
      redis.disconnect()
    }
  }
  throw new Error('redis-server did not answer in 5 s')
}
