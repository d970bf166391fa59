import { z } from 'zod'
import { type Case, caseSchema } from '../../contract/case.ts'
import { lazyKnowledge } from './read-data.ts'

const casesFileSchema = z.strictObject({
  about: z.string(),
  /** Rows of the source table that cannot be told as a case, and why. */
  left_out: z.array(z.strictObject({ id: z.string(), group: z.string(), reason: z.string() })),
  cases: z.array(caseSchema),
})

const casesFile = lazyKnowledge('cases.json', casesFileSchema)

/** The cases that ship with the program: public measurements, each with its source. */
export function publicCases(): readonly Case[] {
  return casesFile().cases
}

/** The public measurements that are not among the cases, and why. */
export function casesLeftOut(): readonly { id: string; group: string; reason: string }[] {
  return casesFile().left_out
}
