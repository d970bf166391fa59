import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { projectRoot } from '../needs.ts'
import { botToken, signingSecret } from '../slack/workspace.ts'

/** A process of the product as people start it. */
export interface Product {
  child: ChildProcess
  /** Its stderr, a line each: notes, log lines as JSON. */
  lines: string[]
  /** Where `serve` listens. */
  url: string
  /** Waits for a line with these words; null where it ended or the time was over before. */
  says(words: string | RegExp, withinMs: number): Promise<string | null>
  /** Its exit code once it ended by itself and all that it said is read; null where it did not in that time. */
  ended(withinMs: number): Promise<number | null>
  /** Sends the signal and waits for its end. @returns Milliseconds that took, and its exit code. */
  end(signal: NodeJS.Signals): Promise<{ ms: number; code: number | null }>
  /** Resident memory of the process, MiB; 0 once it ended. */
  residentMib(): number
}

export interface ProductOptions {
  command: 'serve' | 'worker'
  /** `slackApiUrl` of the emulated workspace. */
  api: string
  home: string
  env?: Record<string, string>
  /** Words before node's: `unshare -n`, … */
  wrap?: readonly string[]
  /** Another script than the product's own. */
  script?: string
}

/** Starts `prompts serve` or `worker` (src/main.ts) over HTTP on an emulated Slack; does not wait until it is up. */
export function spawnProduct({ command, api, home, env = {}, wrap = [], script }: ProductOptions): Product {
  const { PROMPTS_HOME: _home, REDIS_URL: _redis, GEMINI_API_KEY: _key, QDRANT_URL: _qdrant, ...outer } = process.env
  const [program = process.execPath, ...args] = [...wrap, process.execPath, script ?? join(projectRoot, 'src', 'main.ts'), command]
  const child = spawn(program, args, {
    cwd: projectRoot,
    env: {
      ...outer,
      ...{ PROMPTS_HOME: home, SLACK_BOT_TOKEN: botToken, SLACK_SIGNING_SECRET: signingSecret, SLACK_API_URL: api, PORT: '0' },
      ...{ PROMPTS_COMPILER: 'off', PROMPTS_EXPERIMENTS: join(projectRoot, 'examples'), PROMPTS_QUOTA_PER_PERSON: '1000000' },
      ...env,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const lines: string[] = []
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const one of waiting) one()
  }
  createInterface({ input: child.stderr! }).on('line', (line) => {
    lines.push(line)
    const address = /listening on (\S+)/.exec(line)?.[1]
    if (address !== undefined) product.url = address
    wake()
  })
  let isClosed = false
  const closed = once(child, 'close').then(() => {
    isClosed = true
    wake()
  })
  const product: Product = {
    child,
    lines,
    url: '',
    async says(words, withinMs) {
      const until = performance.now() + withinMs
      const find = () => lines.find((line) => (typeof words === 'string' ? line.includes(words) : words.test(line))) ?? null
      for (;;) {
        const found = find()
        if (found !== null || isClosed || performance.now() >= until) return found
        await new Promise<void>((resolve) => {
          const again = () => {
            clearTimeout(timer)
            waiting.delete(again)
            resolve()
          }
          const timer = setTimeout(again, Math.min(500, until - performance.now()))
          waiting.add(again)
        })
      }
    },
    async ended(withinMs) {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, withinMs)
      })
      await Promise.race([closed, late]).finally(() => clearTimeout(timer))
      return isClosed ? child.exitCode : null
    },
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return { ms: 0, code: child.exitCode }
      const ended = once(child, 'exit')
      const started = performance.now()
      child.kill(signal)
      await ended
      return { ms: performance.now() - started, code: child.exitCode }
    },
    residentMib() {
      try {
        const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]
        return Number(kib ?? 0) / 1024
      } catch {
        return 0
      }
    },
  }
  return product
}

/** The same, once it is up. @throws Error with its last lines where it does not come up in a minute. */
export async function startProduct(options: ProductOptions): Promise<Product> {
  const product = spawnProduct(options)
  const up = await product.says(/listening on |processing queues|connected to Slack/, 90_000)
  if (up === null) {
    await product.end('SIGKILL')
    throw new Error(`prompts ${options.command} did not come up: ${product.lines.slice(-5).join('\n')}`)
  }
  return product
}
