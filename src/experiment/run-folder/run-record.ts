import type { StepSegment } from './steady-steps.ts'

/** What a trainer wrote of a run, before it is an experiment. */
export interface RunRecord {
  /** Settings by the trainer's own names. */
  settings: Map<string, string>
  /** Steps with the settings as they are now: one entry for each time the run was started. */
  segments: StepSegment[]
  /** When something was last written, in milliseconds since 1970. */
  newestMs: number
  /** Tags that were met, for saying what wrote this where it is not known. */
  tags: string[]
  notes: string[]
}

/** Whether the settings are MaxText's: it alone splits its mesh into `ici_…_parallelism` and names a model by these. */
export function isMaxText(settings: ReadonlyMap<string, string>): boolean {
  const dims = settings.has('emb_dim') || settings.has('base_emb_dim')
  return dims && [...settings.keys()].some((key) => /^ici_[a-z_]+_parallelism$/.test(key))
}

/** Settings that may differ between two starts of a run without its steps being other steps. */
export const unimportant =
  /(path|dir|directory|file|files|seed|name|port|address|period|interval|rate)$|^(steps$|load|checkpoint|enable_checkpoint|eval|profil|goodput|tensorboard|metrics|log|learning|warmup|async|save|upload|monitor|report|wandb|managed|num_model_parameters)/

/** Whether steps taken under two sets of settings can be put together. */
export function sameSteps(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  for (const key of new Set([...a.keys(), ...b.keys()])) if (a.get(key) !== b.get(key) && !unimportant.test(key)) return false
  return true
}
