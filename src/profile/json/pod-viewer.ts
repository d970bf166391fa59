import { z } from 'zod'
import type { ProfileReport } from '../../contract/profile-report.ts'
import type { Account } from '../accounts.ts'
import { meanAccount, noAccount } from '../accounts.ts'
import { opKind } from '../op-kind.ts'
import { collectiveFacts } from '../op-shapes.ts'
import type { Party } from '../parties.ts'
import { plainText } from '../plain-text.ts'

const number = z.coerce.number().default(0)
const coreSchema = z.looseObject({
  hostName: z.string().default('').transform(plainText),
  highFlopsComputeUs: number,
  lowFlopsComputeUs: number,
  allReduceComputeDurationUs: number,
  allReduceSyncDurationUs: number,
  sendDurationUs: number,
  recvDurationUs: number,
  hostInfeedDurationUs: number,
  hostOutfeedDurationUs: number,
  totalDurationUs: number,
  /** Today's replies: time by the id of a kind, named in `stepBreakdownEvents`. */
  stepBreakdownUs: z.record(z.string(), z.coerce.number()).optional(),
})
type Core = z.infer<typeof coreSchema>
const schema = z.looseObject({
  podStatsSequence: z.looseObject({
    podStatsMap: z.array(
      z.looseObject({
        podStatsPerCore: z.record(z.string(), coreSchema).default({}),
        allReduceOpDb: z
          .array(z.looseObject({ name: z.string().default(''), description: z.string().default(''), durationUs: number, dataSize: number }))
          .default([]),
      }),
    ),
  }),
  stepBreakdownEvents: z.array(z.looseObject({ id: z.coerce.string(), name: z.string() })).default([]),
})

interface CoreTime {
  host: string
  compute: number
  wait: number
  /** Infeed and outfeed, as this tool takes them: transfers between slices are among them. */
  feed: number
  total: number
  steps: number
}

/** What the pod viewer says of each core and host, and of the collectives, as shares of the cores' time. */
export interface PodShares {
  communication: number
  infeed: number
  hosts: Party[]
  devices: Party[]
  collectives: ProfileReport['collectives']
}

/** @param feedIsTransfer What it calls input and output is known to be traffic between slices */
export function podShares(reply: unknown, feedIsTransfer: boolean): PodShares | null {
  const parsed = schema.safeParse(reply)
  if (!parsed.success) return null
  // An op at a step's edge may be counted to the step before: only the sum over all steps is right.
  const { podStatsMap: steps } = parsed.data.podStatsSequence
  const names = new Map(parsed.data.stepBreakdownEvents.map((event) => [event.id, event.name]))
  const cores = new Map<string, CoreTime>()
  const ops = new Map<string, { description: string; us: number; bytes: number }>()
  for (const step of steps) {
    for (const [id, core] of Object.entries(step.podStatsPerCore)) {
      const key = `${core.hostName} core ${id}`.trim()
      const known = cores.get(key) ?? { host: core.hostName, compute: 0, wait: 0, feed: 0, total: 0, steps: 0 }
      cores.set(key, addTo(known, core, names))
    }
    for (const op of step.allReduceOpDb) {
      const known = ops.get(op.name) ?? { description: op.description, us: 0, bytes: op.dataSize }
      ops.set(op.name, { ...known, us: known.us + op.durationUs })
    }
  }
  const total = [...cores.values()].reduce((sum, core) => sum + core.total, 0)
  if (total === 0) return null
  const devices = [...cores].map(([name, core]) => partyOf(name, core, feedIsTransfer))
  const mean = meanAccount(devices.map((party) => party.account))
  const hosts = [...Map.groupBy(cores.values(), (core) => core.host)].map(([host, own]) =>
    meanParty(
      host,
      own.map((core) => partyOf(host, core, feedIsTransfer)),
    ),
  )
  return {
    communication: mean.exposed,
    infeed: mean.infeed,
    hosts,
    devices,
    collectives: collectivesOf(ops, total, cores.size),
  }
}

function addTo(sum: CoreTime, core: Core, names: ReadonlyMap<string, string>): CoreTime {
  const parts = Object.entries(core.stepBreakdownUs ?? {})
  const named = (test: RegExp): number => parts.reduce((us, [id, value]) => us + (test.test(names.get(id) ?? '') ? value : 0), 0)
  const waits =
    core.allReduceComputeDurationUs +
    core.allReduceSyncDurationUs +
    core.sendDurationUs +
    core.recvDurationUs +
    named(/device to device|collective/i)
  return {
    host: sum.host,
    compute: sum.compute + core.highFlopsComputeUs + core.lowFlopsComputeUs + named(/^device compute/i),
    wait: sum.wait + waits,
    feed: sum.feed + core.hostInfeedDurationUs + core.hostOutfeedDurationUs + named(/^(input|output)$/i),
    total: sum.total + core.totalDurationUs,
    steps: sum.steps + 1,
  }
}

function partyOf(name: string, core: CoreTime, feedIsTransfer: boolean): Party {
  const wait = core.wait + (feedIsTransfer ? core.feed : 0)
  const feed = feedIsTransfer ? 0 : core.feed
  const total = Math.max(core.total, 1)
  const idle = Math.max(0, core.total - core.compute - wait - feed)
  const account: Account = { ...noAccount, idle: idle / total, infeed: feed / total, inFlight: wait / total, exposed: wait / total }
  const perStep = (us: number): number => (us * 1e6) / Math.max(1, core.steps)
  return {
    name,
    ofHost: name === core.host,
    account,
    stepPs: perStep(core.total),
    computePs: perStep(core.compute),
    inputPs: perStep(idle + feed),
    waitPs: perStep(wait),
    pipePs: 0,
    collectives: new Map(),
  }
}

function meanParty(name: string, own: readonly Party[]): Party {
  const mean = (value: (party: Party) => number): number => own.reduce((sum, party) => sum + value(party), 0) / Math.max(1, own.length)
  return {
    name,
    ofHost: true,
    account: meanAccount(own.map((party) => party.account)),
    stepPs: mean((party) => party.stepPs),
    computePs: mean((party) => party.computePs),
    inputPs: mean((party) => party.inputPs),
    waitPs: mean((party) => party.waitPs),
    pipePs: 0,
    collectives: new Map(),
  }
}

function collectivesOf(
  ops: ReadonlyMap<string, { description: string; us: number; bytes: number }>,
  totalUs: number,
  cores: number,
): ProfileReport['collectives'] {
  return [...ops]
    .map(([name, op]) => {
      const text = { name, category: 'custom fusion', expression: op.description, frameworkOp: null, flops: null, bytes: null }
      // Durations are of one core: their share of a core's time.
      const share = (op.us * cores) / totalUs
      return {
        kind: opKind(text).collective ?? 'all-reduce',
        name,
        bytes: op.bytes > 0 ? op.bytes : null,
        group_size: collectiveFacts(op.description).groupSize,
        occupied_share: share,
        exposed_share: share,
      }
    })
    .sort((a, b) => b.occupied_share - a.occupied_share)
    .slice(0, 50)
}
