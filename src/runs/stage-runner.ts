import { z } from 'zod'
import type { Progress, Stage } from '../contract/run.ts'
import { asPromptsError } from '../errors.ts'
import { untilAborted } from '../until-aborted.ts'
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
  stage<T>(name: Stage, work: (signal: AbortSignal) => Promise<StageResult<T>>): Promise<T>
  /** Milliseconds each finished stage took, over all tries. */
  timings(): Record<string, number>
}

/**
 * Runs stages one after the other, each stored, so that a run that was cut off goes on with the stage after the last stored one.
 * Results go through JSON. @throws PromptsError whatever the signal's reason is when it aborts, at once: the run's deadline and
 * its cancelling are the signal's.
 */
export function createStageRunner(options: {
  memory: ShardingMemory
  run: string
  onProgress: (progress: Progress) => void
  signal: AbortSignal
  now?: () => number
}): StageRunner {
  const { memory, run, onProgress, signal } = options
  const now = options.now ?? (() => performance.now())
  const took: Record<string, number> = {}

  return {
    timings: () => took,
    async stage<T>(name: Stage, work: (signal: AbortSignal) => Promise<StageResult<T>>): Promise<T> {
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
        const result = await untilAborted(signal, work)
        const ms = Math.round((now() - begun) * 10) / 10
        const detail = result.detail
        const skipped = result.skipped ?? false
        await memory.saveStage(run, name, { value: result.value, ms, detail, skipped })
        await memory.append(run, { kind: 'stage', name, data: { status: skipped ? 'skipped' : 'done', ms, detail } })
        took[name] = ms
        onProgress({ stage: name, status: skipped ? 'skipped' : 'done', detail })
        return result.value
      } catch (thrown) {
        const error = asPromptsError(signal.aborted ? signal.reason : thrown)
        await memory.append(run, { kind: 'error', name, data: { code: error.code, message: error.message, id: error.id } })
        onProgress({ stage: name, status: 'failed', detail: error.message })
        throw error
      }
    },
  }
}
