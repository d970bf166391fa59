import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'

export interface ProcessLimits {
  timeoutMs: number
  /** Resident memory of the whole process, GiB; looked at every second. */
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

/**
 * Runs a program in a process group of its own with a deadline, a bound on memory and on output; the whole group is killed at any of them and
 * when the signal aborts. Never rejects for what the program does.
 */
export function runProcess(
  command: readonly string[],
  input: string,
  limits: ProcessLimits,
  signal: AbortSignal,
  env: NodeJS.ProcessEnv,
): Promise<ProcessResult> {
  const started = performance.now()
  return new Promise((resolve) => {
    const [program = '', ...args] = command
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true, env })
    let stdout = ''
    let stderr = ''
    let reason: ProcessResult['reason'] = null
    const stop = (why: NonNullable<ProcessResult['reason']>) => {
      reason ??= why
      killGroup(child.pid)
    }
    const onAbort = () => stop('cancelled')
    const deadline = setTimeout(() => stop('timeout'), limits.timeoutMs)
    const watch = setInterval(async () => {
      if (child.pid !== undefined && (await residentGib(child.pid)) > limits.memoryGib) stop('memory')
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
    child.on('close', (code, name) => finish(code, name))
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // it ended by itself in the meantime
  }
}

/** 0 where the system has no /proc: the bound is then the operator's container. */
async function residentGib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const kib = /VmRSS:\s+(\d+) kB/.exec(status)?.[1]
  return kib === undefined ? 0 : Number(kib) / 1024 ** 2
}
