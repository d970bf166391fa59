import type { Diagnosis } from '../../contract/diagnosis.ts'
import type { RunEvent, RunRequest } from '../../contract/run.ts'

/**
 * The append-only record of runs: `request.json`, events, `stages/NAME.json`, `diagnosis.json` for each, from which it can be
 * retold and resumed. A run is recorded before work starts.
 */
export interface ShardingMemory {
  /**
   * Names this store: two processes with the same see the same runs. @throws PromptsError `bad_config` for one of a newer
   * version.
   */
  identity(): Promise<string>
  begin(request: RunRequest): Promise<void>
  append(run: string, event: Omit<RunEvent, 'at'>): Promise<void>
  /** A stage's stored result, for going on after a restart; null if it has not finished. */
  stageResult(run: string, stage: string): Promise<unknown>
  saveStage(run: string, stage: string, result: unknown): Promise<void>
  saveDiagnosis(run: string, diagnosis: Diagnosis): Promise<void>
  request(run: string): Promise<RunRequest | null>
  diagnosis(run: string): Promise<Diagnosis | null>
  events(run: string): Promise<RunEvent[]>
  /** Newest first; only this tenant's. */
  list(options: { tenant: string; limit: number }): Promise<RunRequest[]>
  /** Runs for a thread that were begun and not settled: what a lost Redis does not know of any more. */
  open(): Promise<RunRequest[]>
  /** The run's end is on its way to its threads. */
  settle(run: string): Promise<void>
  delete(run: string): Promise<void>
}
