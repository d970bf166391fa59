import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { caseSchema } from '../../src/contract/case.ts'
import { projectRoot } from '../support/needs.ts'

const fileSchema = z.strictObject({
  about: z.string(),
  left_out: z.array(z.strictObject({ id: z.string(), group: z.string(), reason: z.string().min(1) })),
  cases: z.array(caseSchema),
})

/** The whole of `knowledge/cases.json`, what it leaves out included. */
export const shippedCases = fileSchema.parse(JSON.parse(readFileSync(join(projectRoot, 'knowledge', 'cases.json'), 'utf8')))
