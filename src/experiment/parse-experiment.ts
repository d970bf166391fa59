import { parseDocument } from 'yaml'
import { type Experiment, experimentSchema } from '../contract/experiment.ts'
import { PromptsError } from '../errors.ts'
import { parseWithSchema } from './parse-with-schema.ts'

/** No experiment file is longer; a longer one is not read. */
export const maxExperimentBytes = 256 * 1024

/**
 * Reads an experiment from YAML (or JSON, which YAML holds). The text is untrusted: bounded, without aliases or custom tags.
 * @throws PromptsError `bad_experiment` naming the line or the field, `too_large`.
 */
export function parseExperiment(text: string, what: string): Experiment {
  return parseWithSchema(experimentSchema, readExperimentData(text, what), what)
}

/** The file's data before a schema has passed it. @throws PromptsError as `parseExperiment` does for text that is no YAML. */
export function readExperimentData(text: string, what: string): unknown {
  if (Buffer.byteLength(text) > maxExperimentBytes) {
    throw new PromptsError('too_large', `${what} is longer than ${maxExperimentBytes / 1024} KiB`, {
      hint: 'An experiment file is a page of YAML; the profile goes beside it.',
    })
  }
  const document = parseDocument(text, { uniqueKeys: true, maxAliasCount: 0, logLevel: 'silent', customTags: [] } as Parameters<
    typeof parseDocument
  >[1])
  const problem = document.errors[0]
  if (problem)
    throw new PromptsError('bad_experiment', `${what}: ${problem.message.split('\n')[0]}`, {
      hint: 'See examples/ for a file to start from.',
    })
  try {
    return document.toJS({ maxAliasCount: 0 })
  } catch (error) {
    throw new PromptsError('bad_experiment', `${what}: aliases are not read`, { hint: 'Write the values out.', cause: error })
  }
}
