import type { OpenQuestion } from '../../contract/answers.ts'
import type { Experiment } from '../../contract/experiment.ts'
import type { RunDraft, SliceAnswer } from '../run-folder/run-draft.ts'

/** An experiment as it was found, ready to be worked with. */
export interface LoadedExperiment {
  /** null for a profile alone. */
  experiment: Experiment | null
  /** Where it came from, as messages name it (`folder examples`, `bucket gs://team-runs`). */
  origin: string
  /** The profile, fetched only when it is needed; null where there is none. */
  profile: ProfileHandle | null
  /** Pages to look at, for the cards (an XProf server's). */
  links: { title: string; uri: string }[]
  /** What was taken from where, what was assumed and what is missing. */
  notes?: string[]
  /** The trainer's own settings, where it left them. */
  settings?: ReadonlyMap<string, string>
  /** What nothing says, to be asked of people; the notes name it too. */
  questions?: OpenQuestion[]
}

export interface ProfileHandle {
  /** How messages name it. */
  name: string
  /** A local file or logdir, or an address that `readProfile` understands. */
  open(signal: AbortSignal): Promise<string>
  /** The compiled programs (HloProto), where they are no part of what `open` brings. */
  programs?(signal: AbortSignal): Promise<Uint8Array[]>
}

/** What a source has under an id. */
export interface FoundRun {
  id: string
  origin: string
  /** An experiment that someone wrote out in our own words; null where the trainer's records have to do. */
  experiment: Experiment | null
  /** Reads what the trainer left; null where it left nothing that is an experiment. */
  draft: ((signal: AbortSignal, known: { knowsModel(name: string): boolean }) => Promise<RunDraft | null>) | null
  /** Where the run ran, from a source that knows it (a scheduler, ML Diagnostics). */
  slice: SliceAnswer | null
  profile: ProfileHandle | null
  links: LoadedExperiment['links']
  notes: string[]
}

/** One line of a list of runs. What is not known without opening it is null. */
export interface RunEntry {
  id: string
  chip: string | null
  topology: string | null
  model: string | null
  phase: string | null
  step_time_ms: number | null
  has_profile: boolean | null
  /** When the run was last written to, ISO 8601. */
  at: string | null
}

export const emptyEntry: Omit<RunEntry, 'id'> = {
  chip: null,
  topology: null,
  model: null,
  phase: null,
  step_time_ms: null,
  has_profile: null,
  at: null,
}

/** A place where experiments are looked up by id. Read only. */
export interface ExperimentSource {
  /** As the operator knows it; without credentials. */
  name: string
  /**
   * The run, or null where this source does not have it.
   * @throws PromptsError for one that is there but cannot be read, `unavailable` when the source cannot be reached.
   */
  find(id: string, signal: AbortSignal): Promise<FoundRun | null>
  /** What there is, newest first as far as the source tells, at most `limit`. */
  list(limit: number, signal: AbortSignal): Promise<RunEntry[]>
}
