import type { Config } from '../config.ts'
import type { ExperimentSource } from '../experiment/sources/experiment-source.ts'
import { folderSource } from '../experiment/sources/folder-source.ts'

/** The operator's sources of experiments, in their order. */
export function experimentSources(config: Config): ExperimentSource[] {
  return config.PROMPTS_EXPERIMENTS.map((root) => folderSource(root))
}
