import { spawn } from 'node:child_process'
import { ProcessTree } from './process-tree.ts'

export interface ProcessLimits {
  timeoutMs: number
  /** Resident memory of the process and all that it starts, GiB; looked at every second. */
  memoryGib: number
  maxOutputBytes: number
}

/** The end of a log that is kept: MaxText prints its thousand settings, and one refusal of it lists all their names (20 kB). */
const stderrTail = 200_000

/** How a process ended. `reason` is set when we ended it. */
export interface ProcessResult {
  stdout: string
  stderr: string
  exitCode: number | null
  signalName: string | null
  reason: 'timeout' | 'memory' | 'cancelled' | 'output' | null
  seconds: number
}

export interface ProcessOptions {
  /** What it reads from its standard input; nothing unless given. */
  input?: string
  limits: ProcessLimits
  signal: AbortSignal
  env: NodeJS.ProcessEnv
  /** Where it runs; here unless given. */
  folder?: string
}

/**
 * Runs a program in a process group of its own with a deadline, a bound on memory and on output; it and all that it started are
 * killed at any of them, when the signal aborts, and when it ends. Never rejects for what the program does.
 */
export function runProcess(
  command: readonly string[],
  { input = '', limits, signal, env, folder }: ProcessOptions,
): Promise<ProcessResult> {
  const started = performance.now()
  return new Promise((resolve) => {
    const [program = '', ...args] = command
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      env,
      ...(folder === undefined ? {} : { cwd: folder }),
    })
    const tree = child.pid === undefined ? null : new ProcessTree(child.pid)
    let stdout = ''
    let stderr = ''
    let reason: ProcessResult['reason'] = null
    const stop = (why: NonNullable<ProcessResult['reason']>) => {
      reason ??= why
      void tree?.kill()
    }
    const onAbort = () => stop('cancelled')
    const deadline = setTimeout(() => stop('timeout'), limits.timeoutMs)
    const watch = setInterval(async () => {
      if (tree !== null && (await tree.memoryGib()) > limits.memoryGib) stop('memory')
    }, 1000)
    const finish = (exitCode: number | null, signalName: string | null, failure = '') => {
      clearTimeout(deadline)
      clearInterval(watch)
      signal.removeEventListener('abort', onAbort)
      resolve({ stdout, stderr: stderr + failure, exitCode, signalName, reason, seconds: (performance.now() - started) / 1000 })
    }
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk
      if (stdout.length > limits.maxOutputBytes) stop('output')
    })
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr = (stderr + chunk).slice(-stderrTail)
    })
    child.on('error', (error) => finish(null, null, error.message))
    // what it left behind must not go on, nor hold its output open
    child.on('exit', () => void tree?.kill())
    child.on('close', async (code, name) => {
      await tree?.kill()
      finish(code, name)
    })
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}
