import { parseAllDocuments } from 'yaml'
import { type Experiment, experimentSchema } from '../contract/experiment.ts'
import { PromptsError } from '../errors.ts'
import { checkNesting } from './check-nesting.ts'
import { parseWithSchema } from './parse-with-schema.ts'
import { devicesOfSlice } from './words/devices-of-slice.ts'
import { translateWords } from './words/translate-words.ts'

/** No experiment file is longer; a longer one is not read. */
export const maxExperimentBytes = 256 * 1024

/** An experiment, and how its words were understood where they were not the contract's. */
export interface ReadExperiment {
  experiment: Experiment
  notes: string[]
}

/**
 * Reads an experiment from YAML (or JSON, which YAML holds). The text is untrusted: bounded, without aliases or custom tags.
 * @throws PromptsError `bad_experiment` naming the line or the field, `too_large`.
 */
export function readExperiment(text: string, what: string): ReadExperiment {
  const { data, notes } = translateWords(readExperimentData(text, what), devicesOfSlice)
  return { experiment: parseWithSchema(experimentSchema, data, what), notes }
}

/** The experiment alone. @throws PromptsError as `readExperiment` does. */
export function parseExperiment(text: string, what: string): Experiment {
  return readExperiment(text, what).experiment
}

/** The file's data before a schema has passed it. @throws PromptsError as `parseExperiment` does for text that is no YAML. */
export function readExperimentData(text: string, what: string): unknown {
  if (Buffer.byteLength(text) > maxExperimentBytes) {
    throw new PromptsError('too_large', `${what} is longer than ${maxExperimentBytes / 1024} KiB`, {
      hint: 'An experiment file is a page of YAML; the profile goes beside it.',
    })
  }
  checkNesting(text, what)
  const documents = parseAllDocuments(text, { uniqueKeys: true, maxAliasCount: 0, logLevel: 'silent', customTags: [] } as Parameters<
    typeof parseAllDocuments
  >[1])
  const [document, second] = Array.isArray(documents) ? documents : []
  const problem = document?.errors[0]
  if (problem)
    throw new PromptsError('bad_experiment', `${what}: ${problem.message.split('\n')[0]!.replace(/:\s*$/, '')}`, {
      hint: 'See examples/ for a file to start from.',
    })
  if (second !== undefined)
    throw new PromptsError('bad_experiment', `${what}: it holds more than one YAML document`, {
      hint: 'One file is one experiment: write the others to files of their own.',
    })
  try {
    return document?.toJS({ maxAliasCount: 0 }) ?? null
  } catch (error) {
    throw new PromptsError('bad_experiment', `${what}: aliases are not read`, { hint: 'Write the values out.', cause: error })
  }
}
