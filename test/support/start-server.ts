import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'

export interface RunningServer {
  port: number
  /** To it and all that it started. */
  signal(signal: NodeJS.Signals): void
  stop(): Promise<void>
}

/** A port that nothing listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      probe.close(() => resolve(port))
    })
  })
}

/** Starts a server process and waits until `ready` answers; its output is in the error when it does not come up. */
export async function startServer(options: {
  command: readonly string[]
  port: number
  ready: (port: number) => Promise<boolean>
  deadlineMs?: number
  env?: NodeJS.ProcessEnv
  cwd?: string
}): Promise<RunningServer> {
  const [program = '', ...args] = options.command
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    cwd: options.cwd,
    detached: true,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output = (output + String(chunk)).slice(-4000)))
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const end = Date.now() + (options.deadlineMs ?? 60_000)
  while (Date.now() < end && child.exitCode === null) {
    if (await options.ready(options.port).catch(() => false)) {
      return { port: options.port, signal: (signal) => void process.kill(-(child.pid ?? 0), signal), stop: () => stop(child, exited) }
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await stop(child, exited)
  throw new Error(`${program} did not come up: ${output}`)
}

async function stop(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (child.pid !== undefined && child.exitCode === null) {
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // gone already
    }
  }
  await exited
}

/** For `ready`: whether a GET answers with any status. */
export async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2000) })
  await response.arrayBuffer()
  return true
}
