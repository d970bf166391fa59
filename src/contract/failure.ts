import { z } from 'zod'
import { nearestSchema } from './verdict.ts'

/** What `--json` prints on stdout when a command fails. */
export const failureSchema = z.strictObject({
  error: z.strictObject({
    code: z.string(),
    message: z.string(),
    hint: z.string(),
    id: z.string(),
    nearest: nearestSchema.nullable().optional(),
  }),
})
