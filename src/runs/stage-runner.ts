import { z } from 'zod'
import type { Progress, Stage } from '../contract/run.ts'
import { asPromptsError, PromptsError } from '../errors.ts'
import type { ShardingMemory } from './memory/sharding-memory.ts'

const storedSchema = z.object({ value: z.unknown(), ms: z.number(), detail: z.string().nullable(), skipped: z.boolean() })

export interface StageResult<T> {
  value: T
  /** One line for whoever watches. */
  detail: string | null
  /** There was nothing to do. */
  skipped?: boolean
}

export interface StageRunner {
  /** A stage's result: the stored one of an earlier try, or that of `work`, stored before it is returned. */
  stage<T>(name: Stage, work: (signal: AbortSignal) => Promise<StageResult<T>>, deadlineMs?: number): Promise<T>
  /** Milliseconds each finished stage took, over all tries. */
  timings(): Record<string, number>
}

/**
 * Runs stages one after the other, each with a deadline and each stored, so that a run that was cut off goes on with the stage after the last
 * stored one. Results go through JSON. @throws PromptsError `cancelled` when the signal aborts, `timeout` when a stage takes too long.
 */
export function createStageRunner(options: {
  memory: ShardingMemory
  run: string
  onProgress: (progress: Progress) => void
  signal: AbortSignal
  deadlineMs: number
  now?: () => number
}): StageRunner {
  const { memory, run, onProgress, signal } = options
  const now = options.now ?? (() => performance.now())
  const started = now()
  const took: Record<string, number> = {}

  return {
    timings: () => took,
    async stage<T>(name: Stage, work: (signal: AbortSignal) => Promise<StageResult<T>>, deadlineMs = Number.POSITIVE_INFINITY): Promise<T> {
      const stored = storedSchema.safeParse(await memory.stageResult(run, name))
      if (stored.success) {
        took[name] = stored.data.ms
        onProgress({ stage: name, status: stored.data.skipped ? 'skipped' : 'done', detail: stored.data.detail })
        return stored.data.value as T
      }
      onProgress({ stage: name, status: 'started', detail: null })
      await memory.append(run, { kind: 'stage', name, data: { status: 'started' } })
      const begun = now()
      try {
        const left = Math.max(1, Math.min(deadlineMs, options.deadlineMs - (begun - started)))
        const result = await withDeadline(name, work, signal, left)
        const ms = Math.round((now() - begun) * 10) / 10
        const detail = result.detail
        const skipped = result.skipped ?? false
        await memory.saveStage(run, name, { value: result.value, ms, detail, skipped })
        await memory.append(run, { kind: 'stage', name, data: { status: skipped ? 'skipped' : 'done', ms, detail } })
        took[name] = ms
        onProgress({ stage: name, status: skipped ? 'skipped' : 'done', detail })
        return result.value
      } catch (thrown) {
        const error = signal.aborted
          ? new PromptsError('cancelled', `The run was stopped while it worked on: ${name}.`)
          : asPromptsError(thrown)
        await memory.append(run, { kind: 'error', name, data: { code: error.code, message: error.message, id: error.id } })
        onProgress({ stage: name, status: 'failed', detail: error.message })
        throw error
      }
    },
  }
}

/** Ends with the work, with the caller's abort, or at the deadline, whichever is first; the work is told by its own signal. */
export async function withDeadline<T>(what: string, work: (signal: AbortSignal) => Promise<T>, outer: AbortSignal, ms: number): Promise<T> {
  outer.throwIfAborted()
  const controller = new AbortController()
  const late = new PromptsError('timeout', `The stage "${what}" did not finish in ${Math.round(ms / 1000)} s.`, {
    hint: 'PROMPTS_RUN_DEADLINE_SECONDS is the time that a whole run may take.',
  })
  let stop: (reason: unknown) => void = () => {}
  const stopped = new Promise<never>((_, reject) => {
    stop = (reason) => {
      reject(reason)
      controller.abort(reason)
    }
  })
  stopped.catch(() => {})
  const onAbort = () => stop(outer.reason)
  outer.addEventListener('abort', onAbort, { once: true })
  const timer = Number.isFinite(ms) ? setTimeout(() => stop(late), ms) : undefined
  try {
    return await Promise.race([work(controller.signal), stopped])
  } finally {
    clearTimeout(timer)
    outer.removeEventListener('abort', onAbort)
  }
}
