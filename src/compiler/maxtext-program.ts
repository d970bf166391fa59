import type { CompilerVerdict } from '../contract/verdict.ts'
import { childEnvironment } from './child-environment.ts'
import { tellingCommand, versionsCommand } from './maxtext-command.ts'
import { readMaxTextOutput } from './read-maxtext-output.ts'
import { type ProcessLimits, type ProcessResult, runProcess } from './run-process.ts'
import type { Semaphore } from './semaphore.ts'

/** Keeps libtpu from looking for a TPU host and from refusing a second process; what the operator's environment sets stands. */
export const maxTextEnvironment: Readonly<Record<string, string>> = {
  TPU_SKIP_MDS_QUERY: '1',
  JAX_PLATFORMS: 'cpu',
  TPU_ACCELERATOR_TYPE: 'x',
  TPU_WORKER_HOSTNAMES: 'localhost',
  ALLOW_MULTIPLE_LIBTPU_LOAD: '1',
}

/**
 * The operator's own MaxText program as judge: their `train_compile` command with a card's flags appended. The command comes from
 * the operator's configuration only; the flags are `name=value` words of ours and never pass a shell. `availableGib` is what the
 * chip lets a program use on one device: MaxText says it only of a program that does not fit.
 */
export function createMaxTextProgram(options: { command: readonly string[]; limits: ProcessLimits; places: Semaphore }): {
  compile(flags: readonly string[], availableGib: number, signal: AbortSignal): Promise<CompilerVerdict>
} {
  const command = tellingCommand(options.command)
  return {
    async compile(flags, availableGib, signal) {
      const release = await options.places.acquire(signal)
      try {
        const environment = { ...maxTextEnvironment, ...childEnvironment(process.env) }
        const result = await runProcess([...command, ...flags], { limits: options.limits, signal, env: environment })
        const read = readMaxTextOutput(`${result.stdout}\n${result.stderr}`)
        const stopped = result.reason !== null
        return {
          status: stopped ? 'unknown' : read.status,
          required_gib: stopped ? null : read.requiredGib,
          available_gib: read.availableGib ?? availableGib,
          step_time_ms: null,
          effort: 'full',
          program: 'user',
          versions: read.versions,
          seconds: result.seconds,
          message: stopped ? stopMessage(result.reason, result.seconds) : (read.message ?? silence(read.status, result)),
        }
      } finally {
        release()
      }
    },
  }
}

/** The versions of the operator's MaxText, or what is wrong; null where only a run can tell. */
export async function askMaxText(
  command: readonly string[],
  limits: ProcessLimits,
  signal: AbortSignal,
): Promise<{ versions: Record<string, string>; problem: string | null } | null> {
  const asking = versionsCommand(command)
  if (asking === null) return null
  const result = await runProcess(asking, { limits, signal, env: { ...maxTextEnvironment, ...childEnvironment(process.env) } })
  const { versions } = readMaxTextOutput(result.stdout)
  if (versions['maxtext'] !== undefined) return { versions, problem: null }
  const { message } = readMaxTextOutput(result.stderr)
  return { versions, problem: message ?? (versions['jax'] === undefined ? 'it does not answer' : 'this Python has no maxtext package') }
}

function stopMessage(reason: string | null, seconds: number): string {
  switch (reason) {
    case 'timeout':
      return `MaxText did not answer in ${Math.round(seconds)} s and was stopped`
    case 'memory':
      return 'MaxText took more memory than it may and was stopped'
    case 'output':
      return 'MaxText printed more than it may and was stopped'
    default:
      return 'cancelled'
  }
}

function silence(status: CompilerVerdict['status'], { exitCode, signalName, stderr }: ProcessResult): string | null {
  if (status !== 'unknown') return null
  const ended = signalName ? `by ${signalName}` : exitCode === null ? 'before it started' : `with exit code ${exitCode}`
  const last = stderr.trim().split('\n').at(-1)?.slice(0, 200) ?? ''
  return `no verdict in MaxText's output; it ended ${ended}${last === '' ? '' : `: ${last}`}`
}
