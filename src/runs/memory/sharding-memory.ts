import type { Diagnosis } from '../../contract/diagnosis.ts'

/** Who asked for a run and where its answer belongs; everything a restarted process needs to go on. */
export interface RunRequest {
  run: string
  tenant: string
  /** An experiment id to look up, or an experiment given in full (parsed, untrusted text kept as it came). */
  subject: { kind: 'experiment'; id: string } | { kind: 'inline'; yaml: string } | { kind: 'path'; path: string }
  compile: boolean
  by: string | null
  at: string
  /** Where the answer goes in Slack; null for the command line. */
  thread: { team: string; channel: string; threadTs: string; rootTs: string | null } | null
}

/** One line of a run's `events.jsonl`. */
export interface RunEvent {
  at: string
  kind:
    | 'request'
    | 'stage'
    | 'tool_call'
    | 'model_output'
    | 'user_input'
    | 'card'
    | 'compiler'
    | 'reaction'
    | 'adoption'
    | 'outcome'
    | 'withdrawal'
    | 'note'
    | 'error'
  name: string
  data: unknown
}

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
