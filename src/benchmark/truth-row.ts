import { z } from 'zod'
import { meshSchema } from '../contract/mesh.ts'
import { canonicalHash } from '../text/canonical-json.ts'
import type { Regime } from './regime.ts'

const replaySchema = z.strictObject({
  step_time_ms: z.number(),
  compute_ms: z.number(),
  hbm_ms: z.number(),
  exposed_communication_ms: z.number(),
  host_ms: z.number(),
  notes: z.array(z.string()),
})
export type ReplayedStep = z.infer<typeof replaySchema>

/**
 * One mesh of a regime and what the compiler said: `fits` with the step replayed from the compiled schedule, `oom`, `vmem` for a
 * kernel beyond its scoped memory, `error` for a program that is refused, `unknown` for a compilation that was stopped. Sizes are
 * GiB a device.
 */
export const truthRowSchema = z.strictObject({
  regime: z.string(),
  /** Of the experiment that was compiled: a row of another job is no truth. */
  job: z.string(),
  mesh: meshSchema,
  dcn: meshSchema,
  role: z.enum(['card', 'expert', 'fsdp', 'baseline', 'planner', 'random', 'recorded']),
  program: z.enum(['maxtext', 'reference']),
  /** MaxText's own words, where it is the program. */
  settings: z.array(z.string()).nullable(),
  versions: z.record(z.string(), z.string()),
  status: z.enum(['fits', 'oom', 'vmem', 'error', 'unknown']),
  required_gib: z.number().nullable(),
  available_gib: z.number().nullable(),
  message: z.string().nullable(),
  seconds: z.number(),
  /** Null where the program did not compile or its schedule could not be read. */
  replay: replaySchema.nullable(),
  at: z.string(),
})
export type TruthRow = z.infer<typeof truthRowSchema>

/** A short name of the job that a regime's rows were compiled for. */
export function jobOf({ experiment }: Pick<Regime, 'experiment'>): string {
  return canonicalHash(experiment, 12)
}
