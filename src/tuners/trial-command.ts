import { childEnvironment } from '../compiler/child-environment.ts'
import { runProcess } from '../compiler/run-process.ts'
import { readLastLine } from '../text/json.ts'
import type { TrialOutcome } from './trial.ts'
import { trialAnswerSchema } from './trial.ts'

const maxOutputBytes = 16 * 1024 * 1024

/**
 * Runs the operator's command on one trial: the request as JSON on its standard input, its answer as the last line of its output,
 * one JSON object: `{"step_time_ms": 22900}`, `{"oom": true}` or `{"failed": "why"}`, with `seconds` where the slices were held
 * for less than the command ran. A command that says nothing, fails or takes too long is a trial that failed, with its last
 * words. It never passes a shell.
 */
export async function measureByCommand(
  command: readonly string[],
  request: unknown,
  { timeoutMs, memoryGib }: { timeoutMs: number; memoryGib: number },
  signal: AbortSignal,
): Promise<{ outcome: TrialOutcome; seconds: number }> {
  const ran = await runProcess(command, {
    input: `${JSON.stringify(request)}\n`,
    limits: { timeoutMs, memoryGib, maxOutputBytes },
    signal,
    env: childEnvironment(process.env),
  })
  if (ran.reason === 'cancelled') signal.throwIfAborted()
  const answer = trialAnswerSchema.safeParse(readLastLine(ran.stdout))
  if (ran.reason === null && answer.success) {
    const { seconds = ran.seconds } = answer.data
    if ('step_time_ms' in answer.data) return { outcome: { result: 'ok', step_time_ms: answer.data.step_time_ms }, seconds }
    if ('oom' in answer.data) return { outcome: { result: 'oom' }, seconds }
    return { outcome: { result: 'failed', why: answer.data.failed }, seconds }
  }
  return { outcome: { result: 'failed', why: whyOf(ran) }, seconds: ran.seconds }
}

function whyOf({ reason, exitCode, signalName, stderr, seconds }: Awaited<ReturnType<typeof runProcess>>): string {
  const last = stderr.trim().split('\n').at(-1)?.slice(0, 300) ?? ''
  const said = last === '' ? '' : `: ${last}`
  if (reason === 'timeout') return `the command took more than ${Math.round(seconds)} s and was stopped${said}`
  if (reason !== null) return `the command took more ${reason} than it may and was stopped${said}`
  if (exitCode === 0) return `the command printed no answer that is understood${said}`
  return `the command ended ${signalName ? `by ${signalName}` : `with exit code ${exitCode}`}${said}`
}
