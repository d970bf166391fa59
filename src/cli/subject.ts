import { join } from 'node:path'
import type { Config } from '../config.ts'
import { loadSubject } from '../experiment/load-experiment.ts'
import { createSources } from '../experiment/sources/create-sources.ts'
import type { LoadedExperiment } from '../experiment/sources/experiment-source.ts'
import { runOf } from '../experiment/sources/xprof-source.ts'

/** What the operator names: all that `loadSubject` takes, and one run of an XProf server as `xprof+http://host:port/RUN`. */
export async function openSubject(subject: string, config: Config, signal: AbortSignal): Promise<LoadedExperiment> {
  const server = /^xprof\+(https?:\/\/[^/]+)\/([^/?#]+)$/.exec(subject)
  if (server) return runOf(new URL(server[1]!), decodeURIComponent(server[2]!), join(config.PROMPTS_HOME, 'fetched'))
  return loadSubject(subject, createSources(config), signal)
}
