import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { judgeAll, readRegimeProfiles } from '../benchmark/judge-all.ts'
import { benchmarkPaths } from '../benchmark/paths.ts'
import { readRegimes } from '../benchmark/read-regimes.ts'
import { recordRivals } from '../benchmark/record-rivals.ts'
import { readTruth } from '../benchmark/truth-file.ts'
import { exitCodes, PromptsError } from '../errors.ts'
import { openTuner } from '../tuners/tuner-process.ts'
import type { Context } from './command.ts'

/** Optuna proposes at once, Vizier in seconds. */
const seeds = { optuna: 10, vizier: 3 }

/** `prompts bench rivals`: lets Vizier and Optuna search the tables as they are now, and records what they propose. */
export async function recordRivalsOfBenchmark({ flags, config, note, signal }: Context<'bench'>): Promise<number> {
  const python = join(resolve(config.PROMPTS_HOME), 'tuners/bin/python')
  if (!existsSync(python))
    throw new PromptsError('unavailable', 'The tuners are not installed', {
      hint: 'npm run setup:tuners installs google-vizier and Optuna.',
    })
  const clock = () => performance.now()
  const regimes = readRegimes(benchmarkPaths.regimes)
  const profiles = await readRegimeProfiles(regimes, benchmarkPaths.profiles, clock)
  const judged = judgeAll(regimes, readTruth(benchmarkPaths.truth), { clock, profiles })
  const tuner = openTuner({ python, cache: join(resolve(config.PROMPTS_HOME), 'tuners/cache') })
  const untilMs = flags.minutes === undefined ? Number.POSITIVE_INFINITY : clock() + flags.minutes * 60_000
  try {
    const added = await recordRivals({ judged, path: benchmarkPaths.proposals, tuner, seeds, clock, untilMs, note, signal })
    note(`${added} studies added`)
  } finally {
    tuner.close()
  }
  return exitCodes.ok
}
