import { z } from 'zod'
import type { ProfileReport } from '../../contract/profile-report.ts'
import { collectiveFacts, opKind } from '../op-kind.ts'
import { median } from '../steps.ts'

const coreSchema = z.looseObject({
  hostName: z.string().default(''),
  highFlopsComputeUs: z.coerce.number().default(0),
  lowFlopsComputeUs: z.coerce.number().default(0),
  allReduceComputeDurationUs: z.coerce.number().default(0),
  allReduceSyncDurationUs: z.coerce.number().default(0),
  sendDurationUs: z.coerce.number().default(0),
  recvDurationUs: z.coerce.number().default(0),
  hostInfeedDurationUs: z.coerce.number().default(0),
  hostOutfeedDurationUs: z.coerce.number().default(0),
  totalDurationUs: z.coerce.number().default(0),
})
const schema = z.looseObject({
  podStatsSequence: z.looseObject({
    podStatsMap: z.array(
      z.looseObject({
        podStatsPerCore: z.record(z.string(), coreSchema).default({}),
        allReduceOpDb: z
          .array(
            z.looseObject({
              name: z.string().default(''),
              description: z.string().default(''),
              durationUs: z.coerce.number().default(0),
              dataSize: z.coerce.number().default(0),
            }),
          )
          .default([]),
      }),
    ),
  }),
})

/** What the old pod viewer says of communication, input and skew, as shares of the cores' time. */
export interface PodShares {
  communication: number
  infeed: number
  skew: ProfileReport['skew']
  collectives: ProfileReport['collectives']
}

export function podShares(reply: unknown): PodShares | null {
  const parsed = schema.safeParse(reply)
  if (!parsed.success) return null
  let total = 0
  let communication = 0
  let infeed = 0
  const work = new Map<string, number>()
  const ops = new Map<string, { description: string; us: number; bytes: number; steps: number }>()
  const steps = parsed.data.podStatsSequence.podStatsMap
  for (const step of steps) {
    for (const [id, core] of Object.entries(step.podStatsPerCore)) {
      total += core.totalDurationUs
      communication += core.allReduceComputeDurationUs + core.allReduceSyncDurationUs + core.sendDurationUs + core.recvDurationUs
      infeed += core.hostInfeedDurationUs + core.hostOutfeedDurationUs
      const name = `${core.hostName} core ${id}`.trim()
      work.set(name, (work.get(name) ?? 0) + core.highFlopsComputeUs + core.lowFlopsComputeUs)
    }
    for (const op of step.allReduceOpDb) {
      const known = ops.get(op.name) ?? { description: op.description, us: 0, bytes: op.dataSize, steps: 0 }
      ops.set(op.name, { ...known, us: known.us + op.durationUs, steps: known.steps + 1 })
    }
  }
  if (total === 0) return null
  const cores = work.size
  const middle = median([...work.values()])
  return {
    communication: communication / total,
    infeed: infeed / total,
    skew: middle ? [...work].map(([device, us]) => ({ device, slowdown: us / middle })).sort((a, b) => b.slowdown - a.slowdown) : [],
    collectives: [...ops]
      .map(([name, op]) => {
        const kind = opKind({
          name,
          category: 'custom fusion',
          expression: op.description,
          frameworkOp: null,
          flops: null,
          bytes: null,
        }).collective
        // Durations are of one core: their share of a core's time.
        const share = (op.us * cores) / total
        return {
          kind: kind ?? 'all-reduce',
          name,
          bytes: op.bytes > 0 ? op.bytes : null,
          group_size: collectiveFacts(op.description).groupSize,
          occupied_share: share,
          exposed_share: share,
        }
      })
      .sort((a, b) => b.occupied_share - a.occupied_share)
      .slice(0, 50),
  }
}
