import type { Config } from '../../config.ts'
import { PromptsError } from '../../errors.ts'
import type { FindOptions } from '../find/find-experiment.ts'
import { settleRun } from '../find/settle-run.ts'
import { createSource } from './create-sources.ts'
import type { LoadedExperiment } from './experiment-source.ts'
import { parseServerAddress } from './server-address.ts'
import { openXprofRun } from './xprof-source.ts'

/**
 * A run that an operator names by its address: `gs://bucket/prefix/RUN`, `s3://…`, or `xprof+http://host:port/RUN` with the
 * server's base path where it has one. Null for what is no address.
 * @throws PromptsError `unknown_experiment`
 */
export async function openAddress(
  subject: string,
  config: Config,
  options: FindOptions,
  signal: AbortSignal,
): Promise<LoadedExperiment | null> {
  const bucket = /^((?:gs|s3):\/\/.+)\/([^/]+)\/?$/.exec(subject)
  if (bucket) {
    const source = createSource(bucket[1]!, config)
    const found = await source.find(bucket[2]!, signal)
    if (found === null)
      throw new PromptsError('unknown_experiment', `${subject}: no run is there`, {
        hint: "Name the folder of a run, as its trainer's run_name has it.",
      })
    return settleRun(found, options.context, signal)
  }
  if (!/^xprof\+https?:\/\//.test(subject)) return null
  const run = await openXprofRun(parseServerAddress(subject, 'xprof', config), options.cacheRoot, signal)
  return settleRun(run, options.context, signal)
}
