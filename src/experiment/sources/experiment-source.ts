import type { Experiment } from '../../contract/experiment.ts'

/** An experiment as a source holds it. */
export interface LoadedExperiment {
  /** null for a profile alone. */
  experiment: Experiment | null
  /** Where it came from, as messages name it (`folder examples`, `bucket gs://team-runs`). */
  origin: string
  /** The profile, fetched only when it is needed; null where there is none. */
  profile: ProfileHandle | null
  /** Pages to look at, for the cards (an XProf server's). */
  links: { title: string; uri: string }[]
}

export interface ProfileHandle {
  /** How messages name it. */
  name: string
  /** A local file or logdir, or an address that `readProfile` understands. */
  open(signal: AbortSignal): Promise<string>
}

/** A place where experiments are looked up by id. Read only. */
export interface ExperimentSource {
  name: string
  /** The experiment, or null where this source does not have it. @throws PromptsError for one that is there but cannot be read, `unavailable` when the source cannot be reached. */
  find(id: string, signal: AbortSignal): Promise<LoadedExperiment | null>
  /** Ids for "did you mean", at most `limit`. */
  list(limit: number, signal: AbortSignal): Promise<string[]>
}
