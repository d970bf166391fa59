import type { ProfileReport } from '../contract/profile-report.ts'
import { accountOf, inputWaitShare } from './accounts.ts'
import type { CoreReading } from './core-reading.ts'
import { deviceCount } from './devices.ts'
import type { SpaceReading } from './read-space.ts'
import { summarizeSteps } from './steps.ts'

const listed = 256

/** Each host: how long its steps take, and what its devices wait for; shares of the steps. */
export function hostRows(spaces: readonly SpaceReading[]): ProfileReport['hosts'] {
  const rows = spaces.map((space) => {
    const main = space.cores.filter((core) => !core.sparse)
    const account = accountOf(main)
    const waits = inputWaitShare(main, space.hosts)
    const steps = summarizeSteps(main)
    return {
      host: space.host,
      devices: deviceCount(main),
      step_time_ms: steps.medianMs ?? programStepMs(main),
      idle_share: account?.idle ?? null,
      collective_wait_share: account?.exposed ?? null,
      input_wait_share: account === null ? null : waits === null && account.infeed === 0 ? null : Math.max(waits ?? 0, account.infeed),
    }
  })
  return rows.slice(0, listed)
}

/** Without markers: how long it takes from one execution of the program that takes most of the time to the next. */
export function programStepMs(main: readonly CoreReading[]): number | null {
  let most: { totalPs: number; periodPs: number } | null = null
  for (const core of main) {
    for (const { main: counts, totalPs, periodPs } of core.programs)
      if (counts && periodPs !== null && totalPs > (most?.totalPs ?? 0)) most = { totalPs, periodPs }
  }
  return most === null ? null : most.periodPs / 1e9
}
