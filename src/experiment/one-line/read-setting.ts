import { frameworkSchema, objectiveSchema, optimizerSchema, phaseSchema } from '../../contract/experiment.ts'
import { experimentWords } from '../words/experiment-words.ts'
import type { LineDraft } from './line-draft.ts'
import { lineWords } from './line-words.ts'
import { readBudget, readLatency } from './read-limits.ts'
import { readNumber } from './read-number.ts'
import { readType } from './read-type.ts'

const longestFlag = 60

/**
 * Reads the setting that starts at a word into the draft.
 * @returns how many words it took; 0 for a word that starts no setting.
 */
export function readSetting(words: readonly string[], at: number, draft: LineDraft): number {
  const [word, next, third, fourth] = words.slice(at, at + 4).map((text) => text.toLowerCase()) as [string, ...string[]]
  return (
    readLatency([word, next, third, fourth], draft) ||
    readBudget([word, next], draft) ||
    readNumber([word, next, third, fourth], draft) ||
    readType(word, next, draft) ||
    readChoice(word, next, draft) ||
    readFlag(words[at]!, words[at + 1], draft)
  )
}

function readChoice(word: string, next: string | undefined, draft: LineDraft): number {
  if (word === 'remat' && next !== undefined) {
    draft.run.remat = next
    return 2
  }
  const choice = lineWords.choices[word]
  const objective = objectiveSchema.safeParse(lineWords.objectives[word] ?? word)
  const framework = frameworkSchema.safeParse(lineWords.frameworks[word] ?? word)
  if (lineWords.phases[word] !== undefined) draft.phase = lineWords.phases[word]
  else if (phaseSchema.safeParse(word).success || experimentWords.values.phase[word] !== undefined) draft.phase = word
  else if (framework.success) draft.framework = framework.data
  else if (optimizerSchema.safeParse(word).success && word !== 'none') draft.run.optimizer = word
  else if (choice !== undefined) draft.run[choice[0]] = choice[1]
  else if (objective.success) draft.objective = objective.data
  else return 0
  return 1
}

/**
 * What an engine or a framework is told beside that, in words or as its own argument: `speculative decoding`,
 * `--max-num-batched-tokens 2048`.
 */
function readFlag(word: string, next: string | undefined, draft: LineDraft): number {
  const flag = lineWords.flags[word.toLowerCase()]
  if (flag !== undefined) {
    draft.flags[flag[0]] = flag[1]
    return 1
  }
  const [, name, value] = /^--([A-Za-z][\w-]*)(?:=(\S+))?$/.exec(word) ?? []
  if (name === undefined || name.length > longestFlag) return 0
  const apart = value === undefined && next !== undefined && !next.startsWith('--') && /^[\w.{}:/-]+$/.test(next)
  draft.flags[name.replaceAll('-', '_')] = (value ?? (apart ? next : 'true')).slice(0, longestFlag)
  return apart ? 2 : 1
}
