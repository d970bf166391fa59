import type { Diagnosis } from '../../contract/diagnosis.ts'
import type { RunEvent, RunRequest } from '../../contract/run.ts'

/**
 * The append-only record of runs: a folder a run (`request.json`, `events.jsonl`, `stages/NAME.json`, `diagnosis.json`), readable with `cat`,
 * from which a run can be retold and resumed. A run is recorded before work starts.
 */
export interface ShardingMemory {
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
  delete(run: string): Promise<void>
}
