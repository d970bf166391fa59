import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { projectRoot } from '../needs.ts'

export interface Spawned {
  child: ChildProcess
  /** What it said first: where it listens, or `ready`. */
  said: string
  kill(signal: NodeJS.Signals): Promise<void>
}

/** Starts `serve` or `worker` (test/support/slack/process.ts) and waits until it is up. */
export async function spawnBot(args: Record<string, string | true>, env: Record<string, string> = {}): Promise<Spawned> {
  const flags = Object.entries(args).flatMap(([name, value]) => (value === true ? [`--${name}`] : [`--${name}`, value]))
  const script = join(projectRoot, 'test', 'support', 'slack', 'process.ts')
  const child = spawn(process.execPath, [script, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  })
  const lines = createInterface({ input: child.stdout })
  const said = await Promise.race([
    once(lines, 'line').then(([line]) => String(line)),
    once(child, 'exit').then(([code]) => {
      throw new Error(`the bot ended with ${code} before it was up`)
    }),
  ])
  return {
    child,
    said,
    async kill(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill(signal)
      await ended
    },
  }
}
