import type { Plan } from '../contract/verdict.ts'
import { roughCandidates } from '../planner/space.ts'
import type { ProfileReading } from '../profile/read-profile.ts'
import type { Tasks } from './tasks.ts'
import { createThreadPool } from './thread-pool.ts'

/** What takes long enough to hold up everything else in a process. */
export interface HeavyWork {
  /** @throws PromptsError `too_large` for a space that no search looks at; the signal's reason. */
  plan(input: Tasks['plan']['input'], signal: AbortSignal): Promise<Plan>
  /** The signal's reason is all that it throws. */
  size(input: Tasks['size']['input'], signal: AbortSignal): Promise<Tasks['size']['answer']>
  /** An experiment that came with a message. @throws PromptsError as `readInlineExperiment`; the signal's reason. */
  readInline(input: Tasks['inline']['input'], signal: AbortSignal): Promise<Tasks['inline']['answer']>
  /** @throws PromptsError what the reader of profiles throws; the signal's reason. */
  readProfile(source: string, mesh: Tasks['profile']['input']['mesh'], signal: AbortSignal): Promise<ProfileReading>
  close(): Promise<void>
}

/** A search of fewer candidates ends before a thread would have started: a fifth of a second. */
const smallSearch = 250_000

/** Parsed in two or three milliseconds; what people paste is shorter. */
const shortText = 4096

/** Heavy work in threads: for a process that serves others meanwhile. */
export function heavyWorkInThreads(options: { threads: number }): HeavyWork {
  const pool = createThreadPool({ size: options.threads })
  return {
    plan: (input, signal) => pool.run('plan', input, signal),
    size: (input, signal) => pool.run('size', input, signal),
    readInline: (input, signal) => (input.text.length <= shortText ? readHere(input) : pool.run('inline', input, signal)),
    readProfile: (source, mesh, signal) => pool.run('profile', { source, mesh }, signal),
    close: () => pool.close(),
  }
}

/** Heavy work of one command: here, but for searches so large that a signal could not stop them. */
export function heavyWorkOfCommand(): HeavyWork {
  const pool = createThreadPool({ size: 1 })
  return {
    async plan(input, signal) {
      if (roughCandidates(input.workload) >= smallSearch) return pool.run('plan', input, signal)
      const { planExperiment } = await import('../planner/plan.ts')
      return planExperiment({ ...input, clock: () => performance.now() })
    },
    async size(input) {
      const { sizeJob } = await import('../planner/size-job.ts')
      return sizeJob(input)
    },
    readInline: readHere,
    async readProfile(source, mesh, signal) {
      const { readProfileDetails } = await import('../profile/read-profile.ts')
      return readProfileDetails(source, { signal, ...(mesh === null ? {} : { mesh }) })
    },
    close: () => pool.close(),
  }
}

async function readHere({ text, what }: Tasks['inline']['input']): Promise<Tasks['inline']['answer']> {
  const { readInlineExperiment } = await import('../experiment/read-inline-experiment.ts')
  return readInlineExperiment(text, what)
}
