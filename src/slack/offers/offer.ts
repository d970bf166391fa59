import { z } from 'zod'

const rank = z.literal([1, 2, 3])

/** Something that a person said, to be recorded on their word only. */
export const offerSchema = z.strictObject({
  id: z.string().max(200),
  run: z.string().max(200),
  /** Who said it; nobody else may answer. */
  by: z.string(),
  team: z.string(),
  channel: z.string(),
  threadTs: z.string(),
  /** null: they are asked which. */
  rank: rank.nullable(),
  what: z.discriminatedUnion('result', [
    z.strictObject({ result: z.literal('ok'), stepTimeMs: z.number().positive() }),
    z.strictObject({ result: z.literal('oom') }),
    z.strictObject({ result: z.literal('failed'), why: z.string().max(500) }),
    z.strictObject({ result: z.literal('adopt') }),
  ]),
})
export type Offer = z.infer<typeof offerSchema>

export const offerValueSchema = z.object({ offer: z.string().max(200), rank: rank.nullable() })
