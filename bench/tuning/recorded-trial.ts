/**
 * A command for `prompts search` that measures nothing: it answers from the recorded truth of the benchmark, for the regime that
 * the experiment is called after. `PROMPTS_TRIAL_COMMAND="bin/node bench/tuning/recorded-trial.ts"`.
 */
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import { benchmarkPaths } from '../../src/benchmark/paths.ts'
import { readRegimes } from '../../src/benchmark/read-regimes.ts'
import { readTruth } from '../../src/benchmark/truth-file.ts'
import { rowFor, tableOf } from '../../src/benchmark/truth-table.ts'
import { meshSchema } from '../../src/contract/mesh.ts'

/** What a short measurement holds the slices for: start-up, and twenty steps. */
const startSeconds = 180
const steps = 20

const request = z.object({ experiment: z.string(), mesh: meshSchema, dcn: meshSchema }).parse(JSON.parse(await text(process.stdin)))
const regime = readRegimes(benchmarkPaths.regimes).find(({ id }) => id === request.experiment)
const row = regime === undefined ? null : rowFor(tableOf(regime, readTruth(benchmarkPaths.truth)), request)
console.log(JSON.stringify(answer()))

function answer() {
  if (row === null) return { failed: 'this mesh is not recorded', seconds: 0 }
  if (row.stepMs !== null) return { step_time_ms: row.stepMs, seconds: startSeconds + (steps * row.stepMs) / 1000 }
  return row.why === 'oom' ? { oom: true, seconds: startSeconds } : { failed: row.message ?? 'it does not compile', seconds: startSeconds }
}
