import { z } from 'zod'
import type { ProfileDetails } from '../../profile/profile-details.ts'

const number = z.number().nullable()

const buffer = z.object({ op: z.string(), shape: z.string(), bytes: z.number(), count: z.number() })
const link = z.object({
  name: z.string(),
  kind: z.string(),
  between: z.enum(['chips', 'slices']),
  bytes: number,
  group: number,
  axes: z.string().nullable(),
  count: z.number(),
  ms: z.number(),
  gbps: number,
  peakGbps: number,
})

/** `ProfileDetails` as a run keeps them. */
export const profileDetailsSchema: z.ZodType<ProfileDetails> = z.object({
  steps: z.array(z.object({ place: z.number(), ms: z.number(), partial: z.boolean(), slow: z.boolean() })),
  timelines: z.array(
    z.object({
      device: z.string(),
      duty: z.array(z.number()),
      steps: z.array(z.object({ from: z.number(), to: z.number(), slow: z.boolean() })),
    }),
  ),
  traceMs: z.number(),
  memory: z.object({ capacityGib: number, device: z.number(), peakGib: z.number(), buffers: z.array(buffer) }).nullable(),
  links: z.array(link),
})
