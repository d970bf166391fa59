import type { Account } from './accounts.ts'
import { accountOf, noAccount } from './accounts.ts'
import type { CoreReading } from './core-reading.ts'
import { pairName } from './op-kind.ts'

/** What one device, or the mean device of a host, does of a step; picoseconds per step. */
export interface Party {
  name: string
  ofHost: boolean
  account: Account
  stepPs: number
  computePs: number
  /** Idle, infeed and copies to or from the host. */
  inputPs: number
  /** In collectives while nothing computes, and in barriers. */
  waitPs: number
  /** Of these, in transfers between the stages of a pipeline. */
  pipePs: number
  collectives: Map<string, number>
}

/** The hosts, or the devices, of a profile; a device of one host alone goes by its plane's name. */
export function partiesOf(main: readonly CoreReading[], by: 'host' | 'device'): Party[] {
  const working = main.filter((core) => core.windowPs > 0)
  const oneHost = new Set(working.map((core) => core.host)).size < 2
  const nameOf = (core: CoreReading): string => (by === 'host' ? core.host : oneHost ? core.plane : `${core.host} ${core.plane}`)
  return [...Map.groupBy(working, nameOf)].map(([name, own]) => partyOf(name, own, by === 'host'))
}

function partyOf(name: string, own: readonly CoreReading[], ofHost: boolean): Party {
  const party: Party = {
    name,
    ofHost,
    account: accountOf(own) ?? noAccount,
    stepPs: 0,
    computePs: 0,
    inputPs: 0,
    waitPs: 0,
    pipePs: 0,
    collectives: new Map(),
  }
  for (const core of own) {
    const steps = stepsOf(core) * own.length
    let self = 0
    for (const op of core.ops) {
      self += op.selfPs
      if (op.kind.role === 'compute') party.computePs += op.selfPs / steps
      else if (op.kind.role === 'infeed' || op.kind.role === 'host-transfer') party.inputPs += op.selfPs / steps
    }
    party.inputPs += Math.max(0, core.windowPs - self - core.barrierPs) / steps
    party.stepPs += core.windowPs / steps
    party.waitPs += (core.exposedPs + core.barrierPs) / steps
    for (const each of core.collectives) {
      const op = pairName(each.facts.name)
      party.collectives.set(op, (party.collectives.get(op) ?? 0) + each.exposedPs / steps)
      if (each.kind === 'collective-permute' || (each.kind === 'send-recv' && !each.dcn)) party.pipePs += each.exposedPs / steps
    }
  }
  return party
}

function stepsOf(core: CoreReading): number {
  const marked = core.steps.filter((step) => !step.partial && !step.slow).length
  return Math.max(1, marked > 0 ? marked : (core.programs.find((program) => program.main)?.count ?? 1))
}
