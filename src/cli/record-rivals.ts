import { judgeAll, readRegimeProfiles } from '../benchmark/judge-all.ts'
import { benchmarkPaths } from '../benchmark/paths.ts'
import { readRegimes } from '../benchmark/read-regimes.ts'
import { recordRivals } from '../benchmark/record-rivals.ts'
import { readTruth } from '../benchmark/truth-file.ts'
import { exitCodes } from '../errors.ts'
import type { Context } from './command.ts'
import { openInstalledTuner } from './installed-tuner.ts'

/** Optuna proposes at once, Vizier in seconds. */
const seeds = { optuna: 10, vizier: 3 }

/** `prompts bench rivals`: lets Vizier and Optuna search the tables as they are now, and records what they propose. */
export async function recordRivalsOfBenchmark({ flags, config, note, signal }: Context<'bench'>): Promise<number> {
  const tuner = openInstalledTuner(config)
  try {
    const clock = () => performance.now()
    const regimes = readRegimes(benchmarkPaths.regimes)
    const profiles = await readRegimeProfiles(regimes, benchmarkPaths.profiles, clock)
    const judged = judgeAll(regimes, readTruth(benchmarkPaths.truth), { clock, profiles })
    const untilMs = flags.minutes === undefined ? Number.POSITIVE_INFINITY : clock() + flags.minutes * 60_000
    const added = await recordRivals({ judged, path: benchmarkPaths.proposals, tuner, seeds, clock, untilMs, note, signal })
    note(`${added} studies added`)
  } finally {
    tuner.close()
  }
  return exitCodes.ok
}
