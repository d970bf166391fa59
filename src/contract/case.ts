import { z } from 'zod'
import { chipSchema } from './chip-schema.ts'
import { phaseSchema, runSchema } from './experiment.ts'
import { meshSchema } from './mesh.ts'
import { modelSchema } from './model.ts'
import { bottleneckClassSchema } from './profile-report.ts'

/** A workload, what was changed, and what it did. Public rows may lack settings that nobody recorded: they stay absent. */
export const caseSchema = z.strictObject({
  id: z.string().min(1).max(200),
  tenant: z.string().min(1).max(100),
  experiment: z.string().max(200),
  workload: z.strictObject({
    chip: chipSchema,
    topology: z.string().max(64),
    slices: z.int().min(1),
    model: z.union([z.string().max(200), modelSchema]),
    phase: phaseSchema,
    run: runSchema.partial(),
  }),
  /** What was tried and what happened, in words; null where it says nothing beside its figures. */
  lesson: z.string().max(1000).nullable().default(null),
  /** What it holds for beside its workload, such as `framework` where the program is not MaxText. */
  conditions: z.record(z.string().max(64), z.string().max(300)).default({}),
  from: meshSchema.nullable(),
  to: meshSchema.nullable(),
  dcn: meshSchema,
  bottleneck: bottleneckClassSchema,
  result: z.enum(['ok', 'oom', 'illegal', 'failed']).nullable(),
  predicted_step_ms: z.number().nullable(),
  measured_before_ms: z.number().nullable(),
  measured_after_ms: z.number().nullable(),
  status: z.enum(['published', 'adopted', 'confirmed', 'refuted', 'withdrawn']),
  by: z.string().max(200).nullable(),
  at: z.string().max(40),
  sources: z.array(z.strictObject({ title: z.string().max(500), uri: z.string().max(2000) })).max(50),
})
export type Case = z.infer<typeof caseSchema>
