import { z } from 'zod'
import { experimentSchema } from '../contract/experiment.ts'
import { meshSchema } from '../contract/mesh.ts'

const placedSchema = z.strictObject({ mesh: meshSchema, dcn: meshSchema })

const measuredSchema = z.strictObject({ mesh: meshSchema, dcn: meshSchema, step_time_ms: z.number().positive() })

/**
 * One job of the benchmark: the experiment as an engineer has it before choosing a mesh, and the answer where one is public.
 * `expert` is the mesh that the source adopted (null: the best of the recorded table is the answer), `baseline` a mesh that is
 * known to be bad, `profile` a file of bench/regimes/profiles, `program` what compiles it, `table` whether many meshes of it are
 * compiled, or its answer and cards alone.
 */
export const regimeSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,79}$/),
  title: z.string(),
  source: z.strictObject({ title: z.string(), uri: z.url().nullable() }),
  experiment: experimentSchema.omit({ id: true, mesh: true, dcn: true, profile: true, measured: true }),
  expert: placedSchema.nullable(),
  baseline: placedSchema.nullable().default(null),
  profile: z.string().nullable().default(null),
  measured: z.array(measuredSchema).default([]),
  table: z.boolean(),
  program: z.enum(['maxtext', 'reference']),
  paper: z
    .strictObject({ case: z.int().min(1).max(8), says: z.string() })
    .nullable()
    .default(null),
  note: z.string().nullable().default(null),
})

/** A file of bench/regimes. */
export const regimeFileSchema = z.strictObject({ about: z.string(), regimes: z.array(regimeSchema) })

/** A regime, and the family (the name of its file) that it is from. */
export type Regime = z.infer<typeof regimeSchema> & { family: string }
