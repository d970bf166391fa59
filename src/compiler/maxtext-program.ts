import type { CompilerVerdict } from '../contract/verdict.ts'
import { readMaxTextOutput } from './read-maxtext-output.ts'
import { type ProcessLimits, runProcess } from './run-process.ts'
import type { Semaphore } from './semaphore.ts'

/**
 * The operator's own MaxText program as judge: their `train_compile` command with a card's flags appended. The command comes from the
 * operator's configuration only; the flags are `name=value` words of ours and never pass a shell.
 */
export function createMaxTextProgram(options: { command: readonly string[]; limits: ProcessLimits; places: Semaphore }): {
  compile(flags: readonly string[], signal: AbortSignal): Promise<CompilerVerdict>
} {
  return {
    async compile(flags, signal) {
      const release = await options.places.acquire(signal)
      try {
        const result = await runProcess([...options.command, ...flags], '', options.limits, signal, process.env)
        const read = readMaxTextOutput(`${result.stdout}\n${result.stderr}`)
        const ended = result.reason === null ? `it ended with exit code ${result.exitCode}` : `it was stopped (${result.reason})`
        return {
          status: read.status,
          required_gib: read.requiredGib,
          available_gib: read.availableGib,
          step_time_ms: null,
          effort: 'full',
          program: 'user',
          versions: read.versions,
          seconds: result.seconds,
          message: read.status === 'unknown' ? `no verdict in the program's output; ${ended}` : read.message,
        }
      } finally {
        release()
      }
    },
  }
}
