import type { Size } from './size.ts'
import type { Plan } from './verdict.ts'

/** A job that is said in one line, with what later lines say instead of parts of it. */
export interface LineJob {
  verb: 'plan' | 'size'
  lines: readonly string[]
}

/** What such a job comes to. */
export type LineAnswer =
  | {
      verb: 'plan'
      plan: Plan
      /** What comes first where nothing fits or meets the latency objective: that, and what comes nearest. */
      lead: string | null
    }
  | { verb: 'size'; size: Size }

/**
 * What a text says of a job: `job` names a model, `place` a slice; `change` says something of it and nothing that is not
 * understood.
 */
export interface LineReading {
  job: boolean
  place: boolean
  change: boolean
}

/** Jobs of one line, read and answered. */
export interface LineJobs {
  read(text: string): LineReading
  /** @throws PromptsError `bad_arguments`, `unknown_model`, `unknown_topology` with the nearest; the signal's reason. */
  answer(job: LineJob, signal: AbortSignal): Promise<LineAnswer>
}
