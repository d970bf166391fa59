import type { JobQueue } from '../../jobs/job-queue.ts'
import type { CompileJob, RunJob } from '../deps.ts'
import type { RunRecords } from './run-records.ts'

/**
 * Puts a failed diagnosis back into the queue: its thread's messages go on from where they are. False where no dead letter has
 * this id.
 */
export async function retryRun(runs: JobQueue<RunJob>, records: RunRecords, id: string): Promise<boolean> {
  if (!(await runs.deadLetters(Number.MAX_SAFE_INTEGER)).some((letter) => letter.id === id)) return false
  // first, or a worker that is quicker finds the run ended
  await records.revive(id)
  return runs.retry(id)
}

/** Asks the compiler about a run's cards once more. */
export async function retryCompilation(compiles: JobQueue<CompileJob>, records: RunRecords, id: string): Promise<boolean> {
  const letter = (await compiles.deadLetters(Number.MAX_SAFE_INTEGER)).find((one) => one.id === id)
  if (letter === undefined) return false
  await records.beginCompiling(letter.data.run)
  return compiles.retry(id)
}
