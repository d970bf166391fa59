import { z } from 'zod'
import { experimentIdSchema } from '../contract/experiment.ts'
import type { RunRequest } from '../contract/run.ts'

/** An experiment as a coding agent names it: its id, or the YAML of one. */
export const namedExperiment = z
  .string()
  .min(1)
  .max(256 * 1024)

export function subjectOf(named: string): RunRequest['subject'] {
  const id = named.trim()
  return experimentIdSchema.safeParse(id).success ? { kind: 'experiment', id } : { kind: 'inline', yaml: named }
}
