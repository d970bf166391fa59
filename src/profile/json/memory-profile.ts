import { z } from 'zod'

const schema = z.looseObject({
  memoryProfilePerAllocator: z.record(
    z.string(),
    z.looseObject({
      profileSummary: z.looseObject({ peakStats: z.looseObject({ peakBytesInUse: z.coerce.number() }).optional() }).optional(),
    }),
  ),
})

/** The most HBM any device used, GiB, of a memory_profile reply; host allocators are not devices. */
export function peakHbmOf(reply: unknown): number | null {
  const parsed = schema.safeParse(reply)
  if (!parsed.success) return null
  const peaks = Object.entries(parsed.data.memoryProfilePerAllocator).flatMap(([name, each]) =>
    /host|cpu/i.test(name) ? [] : [each.profileSummary?.peakStats?.peakBytesInUse ?? 0],
  )
  const peak = Math.max(0, ...peaks)
  return peak > 0 ? peak / 2 ** 30 : null
}
