import { type Document, isScalar, parseAllDocuments, visit } from 'yaml'
import { type Experiment, experimentSchema } from '../contract/experiment.ts'
import { PromptsError } from '../errors.ts'
import { isInherited } from '../text/bare.ts'
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
  const { experiment, notes } = readExperimentAsSaid(text, what)
  return { experiment, notes }
}

/** The same, with the data in the words of whoever wrote it. @throws PromptsError as `readExperiment` does. */
export function readExperimentAsSaid(text: string, what: string): ReadExperiment & { said: Readonly<Record<string, unknown>> } {
  const said = readExperimentData(text, what)
  const { data, notes } = translateWords(said, devicesOfSlice)
  // what the schema passes is an object, and translating made none of anything else
  return { experiment: parseWithSchema(experimentSchema, data, what), notes, said: said as Record<string, unknown> }
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
  checkLength(text, what)
  const documents = parseAllDocuments(text, { uniqueKeys: false, maxAliasCount: 0, logLevel: 'silent', customTags: [] } as Parameters<
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
  if (document !== undefined) refuseSameKeys(document, what)
  let data: unknown
  try {
    data = document?.toJS({ maxAliasCount: 0 }) ?? null
  } catch (error) {
    throw new PromptsError('bad_experiment', `${what}: aliases are not read`, { hint: 'Write the values out.', cause: error })
  }
  refuseInheritedKeys(data, what)
  return data
}

/** More than any experiment has of each, a model of three hundred layer groups written out among them. */
const most = { ':': 6000, ',': 6000, '\n': 6000 }

/** Before YAML is parsed: what may be keys, items and lines, counted generously. Linear in the text. */
function checkLength(text: string, what: string): void {
  for (const [sign, limit] of Object.entries(most)) {
    let count = 0
    for (let at = text.indexOf(sign); at >= 0; at = text.indexOf(sign, at + 1)) count += 1
    if (count <= limit) continue
    const called = sign === '\n' ? 'lines' : `"${sign}"`
    throw new PromptsError('bad_experiment', `${what}: it has ${count} ${called}, more than the ${limit} that are read`, {
      hint: 'An experiment is a page of YAML: see examples/ for one to start from.',
    })
  }
}

/**
 * A key that stands twice in one map: which of both was meant nobody can tell. (YAML's own check compares each key with each.)
 */
function refuseSameKeys(document: Document, what: string): void {
  visit(document, {
    Map(_key, map) {
      const seen = new Set<string>()
      for (const { key } of map.items) {
        const name = isScalar(key) ? String(key.value) : String(key)
        if (seen.has(name)) {
          throw new PromptsError('bad_experiment', `${what}: the key "${name.slice(0, 80)}" stands twice in one map`, {
            hint: 'Leave one of them out.',
          })
        }
        seen.add(name)
      }
    },
  })
}

/** `constructor`, `__proto__` and the like are keys of nothing here, wherever they stand. */
function refuseInheritedKeys(data: unknown, what: string): void {
  if (typeof data !== 'object' || data === null) return
  for (const [key, value] of Object.entries(data)) {
    if (!Array.isArray(data) && isInherited(key)) {
      throw new PromptsError('bad_experiment', `${what}: unknown key "${key}"`, {
        hint: 'docs/reference.md lists the keys of an experiment.',
      })
    }
    refuseInheritedKeys(value, what)
  }
}
