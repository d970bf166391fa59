import { join } from 'node:path'
import type { Config } from '../../config.ts'
import type { ExperimentSource } from './experiment-source.ts'
import { folderSource } from './folder-source.ts'
import { gcsSource } from './gcs-source.ts'
import { mlflowSource } from './mlflow-source.ts'
import { xprofSource } from './xprof-source.ts'

/** The operator's sources of experiments, in their order. */
export function createSources(config: Config): ExperimentSource[] {
  const cacheRoot = join(config.PROMPTS_HOME, 'fetched')
  return config.PROMPTS_EXPERIMENTS.map((address) => {
    if (address.startsWith('gs://')) return gcsSource({ address, cacheRoot, endpoint: config.PROMPTS_GCS_ENDPOINT ?? null })
    if (/^xprof\+https?:/.test(address)) return xprofSource({ address, cacheRoot })
    if (/^mlflow\+https?:/.test(address)) return mlflowSource({ address, cacheRoot, token: config.MLFLOW_TRACKING_TOKEN ?? null })
    return folderSource(address)
  })
}
