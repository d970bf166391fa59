import { z } from 'zod'
import { axes } from '../contract/mesh.ts'

/**
 * A rule of a document, beside its prose: which axis a section speaks for or against, and where that holds. What is absent holds
 * everywhere.
 */
export const docRuleSchema = z.strictObject({
  /** The anchor of the section that says it. */
  section: z.string().min(1),
  axis: z.enum(axes),
  stance: z.enum(['for', 'against']),
  chips: z.array(z.string()).optional(),
  phases: z.array(z.string()).optional(),
  kind: z.enum(['dense', 'moe']).optional(),
  frameworks: z.array(z.string()).optional(),
  slices: z.enum(['one', 'many']).optional(),
  /** Devices of a slice, at most and at least. */
  max_devices: z.int().positive().optional(),
  min_devices: z.int().positive().optional(),
  /** Experts over experts per token, at least. */
  min_sparsity: z.number().positive().optional(),
  /** Sequences per device of the whole job, below. */
  sequences_per_device_below: z.number().positive().optional(),
})
export type DocRule = z.infer<typeof docRuleSchema>
