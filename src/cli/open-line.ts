import { stat } from 'node:fs/promises'
import type { Config } from '../config.ts'
import { isOneLine, type OneLine, readOneLine } from '../experiment/one-line/read-one-line.ts'
import type { Vocabulary } from '../experiment/one-line/vocabulary.ts'
import { openCatalog } from '../knowledge/data/catalog.ts'
import { modelNames } from '../knowledge/data/models.ts'
import { sliceNames, slicesOfDevices } from '../knowledge/data/topologies.ts'

/** The shipped names that a line is read with. @throws PromptsError `bad_config`. */
export function lineVocabulary(config: Config): Vocabulary {
  return { catalog: openCatalog(config), modelNames: modelNames(), sliceNames: sliceNames(), slicesOfDevices }
}

/**
 * The job that a subject describes in one line; null for one that is a file, a folder or an id. @throws PromptsError as
 * `readOneLine` does.
 */
export async function openLine(subject: string, config: Config, topology?: string): Promise<OneLine | null> {
  if (!isOneLine(subject) || (await stat(subject).catch(() => null)) !== null) return null
  return readOneLine(topology === undefined ? subject : `${subject} on ${topology}`, lineVocabulary(config))
}
