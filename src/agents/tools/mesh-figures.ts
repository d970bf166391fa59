import { z } from 'zod'
import { runSchema } from '../../contract/experiment.ts'
import { meshSchema } from '../../contract/mesh.ts'
import { physicalSchema, type Verdict } from '../../contract/verdict.ts'
import type { Situation } from '../situation.ts'
import { objectionsTo } from '../verifier.ts'

export const figuresSchema = z.strictObject({
  mesh: meshSchema,
  dcn: meshSchema,
  changes: runSchema.partial(),
  physical: physicalSchema,
  objections: z.array(z.string()),
  warnings: z.array(z.string()),
  step_time_ms: z.number().nullable(),
  low_ms: z.number().nullable(),
  high_ms: z.number().nullable(),
  /** Time a token against the baseline, −0.22 is 22% less. */
  time_change: z.number().nullable(),
  compute_ms: z.number().nullable(),
  hbm_ms: z.number().nullable(),
  communication_ms: z.number().nullable(),
  exposed_communication_ms: z.number().nullable(),
  exposed_communication_share: z.number().nullable(),
  mfu: z.number().nullable(),
  usd_per_1000_steps: z.number().nullable(),
  required_gib: z.number().nullable(),
  available_gib: z.number().nullable(),
  memory_margin: z.number().nullable(),
})
export type MeshFigures = z.infer<typeof figuresSchema>

/** What names one candidate. */
export const proposalInput = {
  mesh: meshSchema.describe('axes inside a slice; absent axes are 1; the product is the number of devices of a slice'),
  dcn: meshSchema.optional().describe('axes across slices; the product is the number of slices'),
  changes: runSchema.partial().optional().describe('settings of the run that differ; only those that the experiment lets vary'),
}

/** A verdict as flat figures, which are easy to quote. */
export function figuresFor({ baseline }: Situation, verdict: Verdict): MeshFigures {
  const { estimate, memory } = verdict
  const before = baseline?.estimate?.tokens_per_second_per_chip
  return {
    mesh: verdict.mesh,
    dcn: verdict.dcn,
    changes: verdict.changes,
    physical: verdict.physical,
    objections: objectionsTo(verdict),
    warnings: verdict.warnings.map((warning) => warning.message),
    step_time_ms: estimate?.step_time_ms ?? null,
    low_ms: estimate?.low_ms ?? null,
    high_ms: estimate?.high_ms ?? null,
    time_change: estimate && before ? Math.round((before / estimate.tokens_per_second_per_chip - 1) * 1e4) / 1e4 : null,
    compute_ms: estimate?.compute_ms ?? null,
    hbm_ms: estimate?.hbm_ms ?? null,
    communication_ms: estimate?.communication_ms ?? null,
    exposed_communication_ms: estimate?.exposed_communication_ms ?? null,
    exposed_communication_share: estimate ? Math.round((estimate.exposed_communication_ms / estimate.step_time_ms) * 1e4) / 1e4 : null,
    mfu: estimate?.mfu ?? null,
    usd_per_1000_steps: estimate?.usd_per_1000_steps ?? null,
    required_gib: memory?.required_gib ?? null,
    available_gib: memory?.available_gib ?? null,
    memory_margin: memory?.margin ?? null,
  }
}
