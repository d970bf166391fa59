import { z } from 'zod'
import { meshSchema } from './mesh.ts'
import { estimateSchema, memorySchema } from './verdict.ts'

/** Slices that a job can take: the cheapest that meets it first, then what misses by least. */
export const sizeSchema = z.strictObject({
  job: z.string(),
  assumptions: z.array(z.string()),
  options: z.array(
    z.strictObject({
      slice: z.string(),
      slices: z.int(),
      mesh: meshSchema,
      dcn: meshSchema,
      /** It fits, keeps the latencies that are asked for, and is done in time. */
      meets: z.boolean(),
      usd_per_hour: z.number(),
      /** Of the tokens that the job trains on; null where it says none. */
      usd_total: z.number().nullable(),
      estimate: estimateSchema,
      memory: memorySchema,
    }),
  ),
})
export type Size = z.infer<typeof sizeSchema>
