import type { CoreReading } from './core-reading.ts'
import type { HostReading } from './read-host.ts'

/** Where the steps of one core, or of several together, went; shares of their time. */
export interface Account {
  idle: number
  infeed: number
  hostTransfer: number
  /** Self time of loops and calls: what their own ops leave. */
  containers: number
  barrier: number
  /** A collective is in flight. */
  inFlight: number
  /** …and nothing computes. */
  exposed: number
  /** Of these, between slices. */
  dcnInFlight: number
  dcnExposed: number
}

/** The mean over cores, weighted by their time; null where they have none. */
export function accountOf(cores: readonly CoreReading[]): Account | null {
  const sum: Account = { ...noAccount }
  let windowPs = 0
  for (const core of cores) {
    if (core.sparse || core.windowPs === 0) continue
    windowPs += core.windowPs
    let self = 0
    for (const op of core.ops) {
      self += op.selfPs
      if (op.kind.role === 'infeed') sum.infeed += op.selfPs
      else if (op.kind.role === 'host-transfer') sum.hostTransfer += op.selfPs
      else if (op.kind.role === 'container') sum.containers += op.selfPs
    }
    sum.idle += Math.max(0, core.windowPs - self - core.barrierPs)
    sum.barrier += core.barrierPs
    sum.inFlight += core.occupiedPs
    sum.exposed += core.exposedPs
    sum.dcnInFlight += core.dcnOccupiedPs
    sum.dcnExposed += core.dcnExposedPs
  }
  if (windowPs === 0) return null
  for (const key of Object.keys(sum) as (keyof Account)[]) sum[key] = Math.min(1, sum[key] / windowPs)
  return sum
}

/** The mean of several accounts. */
export function meanAccount(accounts: readonly Account[]): Account {
  const sum: Account = { ...noAccount }
  for (const key of Object.keys(sum) as (keyof Account)[])
    for (const account of accounts) sum[key] += account[key] / Math.max(1, accounts.length)
  return sum
}

/** Of what took no time. */
export const noAccount: Readonly<Account> = {
  idle: 0,
  infeed: 0,
  hostTransfer: 0,
  containers: 0,
  barrier: 0,
  inFlight: 0,
  exposed: 0,
  dcnInFlight: 0,
  dcnExposed: 0,
}

/**
 * Of the steps, the part in which devices were not on duty while their host was at its input; null where the host's clock and the
 * devices' have nothing in common, or the host's threads were not recorded.
 */
export function inputWaitShare(cores: readonly CoreReading[], hosts: readonly HostReading[]): number | null {
  const input = hosts.flatMap((host) => host.activities.get('input') ?? [])
  const own = cores.filter((core) => !core.sparse && core.windowPs > 0)
  if (input.length === 0 || own.length === 0) return null
  let waited = 0
  let seen = 0
  let windowPs = 0
  for (const core of own) {
    windowPs += core.windowPs
    for (const spans of input) {
      seen += spans.total(core.dutyStartPs, core.dutyEndPs)
      waited += core.windows.covered(spans) - core.windows.overlap(spans, core.duty)
    }
  }
  return seen === 0 ? null : Math.min(1, Math.max(0, waited) / windowPs)
}
