import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectRoot } from '../../test/support/needs.ts'

/** What a command did, and what it took. */
export interface Watched {
  code: number | null
  stdout: string
  stderr: string
  seconds: number
  peakMib: number
  /** The most that its temporary folder held, and what it left there. */
  peakDiskMib: number
  left: string[]
}

export interface WatchOptions {
  env?: Record<string, string>
  /** SIGTERM after so long. */
  stopAfterMs?: number
}

/** Runs `prompts` as a process with a temporary folder of its own, watching its memory and that folder five times a second. */
export async function watch(args: readonly string[], { env = {}, stopAfterMs }: WatchOptions = {}): Promise<Watched> {
  const temporary = mkdtempSync(join(tmpdir(), 'prompts-watched-'))
  const home = mkdtempSync(join(tmpdir(), 'prompts-watched-home-'))
  const started = performance.now()
  const child = spawn(process.execPath, [join(projectRoot, 'src/main.ts'), ...args], {
    env: { ...process.env, PROMPTS_HOME: home, PROMPTS_EXPERIMENTS: join(projectRoot, 'examples'), TMPDIR: temporary, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr, peakMib, peakDiskMib] = ['', '', 0, 0]
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const timer = setInterval(() => {
    peakMib = Math.max(peakMib, residentMib(child.pid))
    peakDiskMib = Math.max(peakDiskMib, sizeOf(temporary) / 2 ** 20)
  }, 200)
  const stop = stopAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGTERM'), stopAfterMs)
  const code = await new Promise<number | null>((resolve) => child.once('close', (ended) => resolve(ended)))
  clearInterval(timer)
  clearTimeout(stop)
  const left = readdirSync(temporary)
  for (const folder of [temporary, home]) rmSync(folder, { recursive: true, force: true })
  return { code, stdout, stderr, seconds: (performance.now() - started) / 1000, peakMib, peakDiskMib, left }
}

function residentMib(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

function sizeOf(folder: string): number {
  try {
    return readdirSync(folder, { recursive: true }).reduce((sum, name) => sum + (statSync(join(folder, String(name))).blocks ?? 0) * 512, 0)
  } catch {
    return 0
  }
}
