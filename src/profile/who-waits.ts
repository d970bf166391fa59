import thresholds from '../../knowledge/bottleneck.json' with { type: 'json' }
import { median } from '../numbers/statistics.ts'
import type { Account } from './accounts.ts'
import { meanAccount } from './accounts.ts'
import type { Party } from './parties.ts'

/** Who holds the others up, and with what. */
export interface Straggler {
  name: string
  ofHost: boolean
  cause: 'input' | 'compute' | 'link'
  /** The slow one's own time over the median one's. */
  slowdown: number
  /** What it does longer than the median, milliseconds per step. */
  excessMs: number
  /** The collective in which its link is slow. */
  op: string | null
  /** How long the others wait in collectives and barriers, and it does itself, milliseconds per step. */
  othersWaitMs: number
  ownWaitMs: number
}

export interface Waiting {
  straggler: Straggler | null
  /** Waits grow from device to device in the transfers of a pipeline. */
  bubble: { fromMs: number; toMs: number } | null
  /** What the class is judged by: the slowest's account, or all together where none stands out. */
  account: Account
}

const { slowdown: least, min_share: minShare, same } = thresholds.straggler

/**
 * A synchronous job's steps last the same everywhere: whoever works longest waits least, and the others' waits are its doing.
 * The hosts are looked at first, and where these are alike (or there is one) the devices.
 */
export function whoWaits(hosts: readonly Party[], devices: readonly Party[]): Waiting {
  const all = meanAccount((devices.length > 0 ? devices : hosts).map((party) => party.account))
  const bubble = bubbleOf(devices)
  if (bubble) return { straggler: null, bubble, account: all }
  for (const group of [hosts, devices]) {
    const found = stragglerOf(group)
    if (found) return { straggler: found.told, bubble: null, account: meanAccount(found.slow.map((party) => party.account)) }
  }
  return { straggler: null, bubble: null, account: all }
}

interface Found {
  told: Straggler
  slow: Party[]
}

function ownPs(party: Party): number {
  return party.stepPs - party.waitPs
}

function stragglerOf(group: readonly Party[]): Found | null {
  if (group.length < 2) return null
  const sorted = [...group].sort((a, b) => ownPs(b) - ownPs(a))
  const slowest = sorted[0] as Party
  const others = sorted.slice(1)
  const middle = median(others.map(ownPs)) ?? 0
  const slowdown = middle > 0 ? ownPs(slowest) / middle : 1
  const excessPs = ownPs(slowest) - middle
  if (slowdown < least || excessPs < slowest.stepPs * minShare) return linkOf(group)
  const over = (part: 'computePs' | 'inputPs'): number => slowest[part] - (median(others.map((party) => party[part])) ?? 0)
  const cause = over('inputPs') > over('computePs') ? 'input' : 'compute'
  const slow = sorted.filter((party) => ownPs(party) >= ownPs(slowest) - excessPs * same)
  return { told: told(slowest, others, { cause, slowdown, excessPs, op: null }), slow }
}

/**
 * All work alike, but one takes longer in a collective and the others then wait for it in a later one: its link is slow.
 * Of two parties, or two halves, each is longer than the other somewhere, and the totals do not say which: most must agree.
 */
function linkOf(group: readonly Party[]): Found | null {
  if (group.length < 3) return null
  let found: { party: Party; op: string; excessPs: number } | null = null
  const ops = new Set(group.flatMap((party) => [...party.collectives.keys()]))
  for (const op of ops) {
    const times = group.map((party) => party.collectives.get(op) ?? 0).sort((a, b) => a - b)
    const usual = times[Math.floor(times.length / 2)] as number
    for (const party of group) {
      const excessPs = (party.collectives.get(op) ?? 0) - usual
      if (excessPs > (found?.excessPs ?? party.stepPs * minShare)) found = { party, op, excessPs }
    }
  }
  if (!found) return null
  const { party, op, excessPs } = found
  const others = group.filter((each) => each !== party)
  return { told: told(party, others, { cause: 'link', slowdown: 1 + excessPs / party.stepPs, excessPs, op }), slow: [party] }
}

function told(
  party: Party,
  others: readonly Party[],
  facts: { cause: Straggler['cause']; slowdown: number; excessPs: number; op: string | null },
): Straggler {
  return {
    name: party.name,
    ofHost: party.ofHost,
    cause: facts.cause,
    slowdown: facts.slowdown,
    excessMs: facts.excessPs / 1e9,
    op: facts.op,
    othersWaitMs: (median(others.map((each) => each.waitPs)) ?? 0) / 1e9,
    ownWaitMs: party.waitPs / 1e9,
  }
}

/** Stages of a pipeline wait in transfers to their neighbours, each longer than the one before. */
function bubbleOf(devices: readonly Party[]): Waiting['bubble'] {
  if (devices.length < 3) return null
  const waits = devices.map((party) => party.pipePs).sort((a, b) => a - b)
  const [fewest, most] = [waits[0] as number, waits.at(-1) as number]
  const step = median(devices.map((party) => party.stepPs)) ?? 0
  const mostlyPipe = devices.every((party) => party.pipePs >= party.waitPs * 0.5)
  const levels = waits.filter((wait, index) => index === 0 || wait > (waits[index - 1] as number) * 1.02).length
  return mostlyPipe && levels >= 3 && most - fewest >= step * 0.1 ? { fromMs: fewest / 1e9, toMs: most / 1e9 } : null
}
