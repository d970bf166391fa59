import { join } from 'node:path'
import type { Config } from '../../config.ts'
import { PromptsError } from '../../errors.ts'
import type { ExperimentSource } from './experiment-source.ts'
import { jobSetSource } from './jobset/jobset-source.ts'
import { mlDiagnosticsSource } from './mldiagnostics/mldiagnostics-source.ts'
import { mlflowSource } from './mlflow/mlflow-source.ts'
import { createRunIndex, type RunIndex } from './run-index.ts'
import { parseServerAddress } from './server-address.ts'
import { storeSource } from './store-source.ts'
import { folderStore } from './stores/folder-store.ts'
import { gcsStore } from './stores/gcs-store.ts'
import { s3Store } from './stores/s3-store.ts'
import { type WorkspaceAddress, workspaceAddress } from './workspace-address.ts'
import { xprofSource } from './xprof-source.ts'

/** A source, and the workspaces that may reach it. */
export interface ConfiguredSource {
  source: ExperimentSource
  of: WorkspaceAddress
}

/**
 * The operator's sources of experiments, in their order.
 * @throws PromptsError `bad_config` for an address of no known kind, and for one that names no workspace where any number may
 *   install the app.
 */
export function configuredSources(config: Config): ConfiguredSource[] {
  const index = createRunIndex(join(config.PROMPTS_HOME, 'runs-index.sqlite'))
  const many = config.SLACK_CLIENT_ID !== undefined && config.PROMPTS_WORKSPACES.length !== 1
  return config.PROMPTS_EXPERIMENTS.map((entry) => {
    const of = workspaceAddress(entry)
    if (many && of.workspaces === null) {
      throw new PromptsError('bad_config', 'PROMPTS_EXPERIMENTS has a source that names no workspace, and many may install the app', {
        hint: 'Write the workspace before it, as in T0123=gs://team-runs (T0123+T0456= for two), or *= for one that all may reach.',
      })
    }
    return { source: createSource(of.address, config, index), of }
  })
}

/** All of them, for the operator. */
export function createSources(config: Config): ExperimentSource[] {
  return configuredSources(config).map(({ source }) => source)
}

/** The source at one address. */
export function createSource(address: string, config: Config, index: RunIndex | null = null): ExperimentSource {
  const cacheRoot = join(config.PROMPTS_HOME, 'fetched')
  const scheme = /^([a-z0-9+]+):\/\//i.exec(address)?.[1]?.toLowerCase()
  switch (scheme) {
    case undefined:
      return storeSource({ store: folderStore(address), cacheRoot, index })
    case 'gs':
      return storeSource({ store: gcsStore({ address, endpoint: config.PROMPTS_GCS_ENDPOINT ?? null }), cacheRoot, index })
    case 's3':
      return storeSource({ store: s3Store({ address, endpoint: config.PROMPTS_S3_ENDPOINT ?? null }), cacheRoot, index })
    case 'xprof+http':
    case 'xprof+https':
      return xprofSource({ server: parseServerAddress(address, 'xprof', config), cacheRoot })
    case 'mlflow+http':
    case 'mlflow+https':
      return mlflowSource({ server: parseServerAddress(address, 'mlflow', config), cacheRoot, index })
    case 'jobset+http':
    case 'jobset+https':
      return jobSetSource({ server: parseServerAddress(address, 'jobset', config) })
    case 'mldiagnostics':
      return mlDiagnosticsSource({ address, endpoint: config.PROMPTS_MLDIAGNOSTICS_ENDPOINT ?? null })
    default:
      throw new PromptsError('bad_config', `PROMPTS_EXPERIMENTS holds an address that starts with ${scheme}://`, {
        hint: 'Sources are folders, gs:// and s3:// buckets, mlflow+https://, xprof+https://, jobset+https:// and mldiagnostics:// addresses: docs/sources.md.',
      })
  }
}
