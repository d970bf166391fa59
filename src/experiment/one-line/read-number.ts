import { axisSchema } from '../../contract/mesh.ts'
import { experimentWords } from '../words/experiment-words.ts'
import type { LineDraft } from './line-draft.ts'
import { numberOf } from './line-tokens.ts'
import { lineWords } from './line-words.ts'
import { refuse } from './refuse.ts'

type Words = readonly [string, ...(string | undefined)[]]

/**
 * Numbers with the setting before or behind them: `seq 8192`, `200 requests in flight`, `4k in`, `tp 8`. @returns how many words
 * it took.
 */
export function readNumber(words: Words, draft: LineDraft): number {
  return readNamed(words, draft) || readPair(words[0], draft) || readCounted(words, draft)
}

/** The name first. */
function readNamed([word, next, third, fourth]: Words, draft: LineDraft): number {
  if (lineWords.beside.has(word) && next !== undefined && /^\d/.test(next)) {
    draft.notes.push(`${word} ${next} does not change a plan: it is left out`)
    return 2
  }
  const value = numberOf(next)
  // "in 2 weeks" is a time
  if (value === null || (word === 'in' && third !== undefined && lineWords.days[third] !== undefined)) return 0
  const setting = lineWords.counts[word]
  // "in 4k context": the number belongs to the word behind it
  const behind = third === undefined ? undefined : lineWords.counts[third]
  if (setting !== undefined && behind !== undefined && behind !== setting && word === 'in' && numberOf(fourth) === null) return 0
  if (setting !== undefined) {
    if (setting === 'global_batch' && (third === 'tokens' || third === 'token') && numberOf(fourth) === null) {
      draft.batchTokens = value
      return 3
    }
    setCount(draft, setting, next!, value)
    return third !== undefined && lineWords.units.has(third) && numberOf(fourth) === null ? 3 : 2
  }
  if (!isAxis(word)) return 0
  draft.mesh[word] = value
  return 2
}

/** `1k/8k`: input and output. */
function readPair(word: string, draft: LineDraft): number {
  const [, input, output] = /^(\d+k?)\/(\d+k?)$/.exec(word) ?? []
  if (input === undefined) return 0
  setCount(draft, 'input_len', input, numberOf(input)!)
  setCount(draft, 'output_len', output!, numberOf(output)!)
  return 1
}

/** The number first. */
function readCounted([word, next, third]: Words, draft: LineDraft): number {
  const value = numberOf(word)
  if (value === null || next === undefined) return 0
  if (next === 'chips' || next === 'chip') draft.chips = value
  else if (next === 'slices' || next === 'slice' || next === 'x') draft.slices = value
  else {
    const joined = third !== undefined && lineWords.adjectives.has(next) ? lineWords.counts[third] : undefined
    const name = joined === undefined ? next : third!
    const setting = /^(output|input|prompt)$/.test(next) ? lineWords.counts[next] : (joined ?? lineWords.counts[next])
    // "4k sequences" are sequences of 4k
    const length = setting === 'global_batch' && /k$/i.test(word) && name !== 'batch'
    if (setting === undefined || lineWords.before_only.has(name)) return 0
    setCount(draft, length ? 'seq_len' : setting, word, value)
    return joined === undefined ? 2 + (third !== undefined && lineWords.units.has(third) && setting === 'seq_len' ? 1 : 0) : 3
  }
  return 2
}

function setCount(draft: LineDraft, setting: string, word: string, value: number): void {
  const before = draft.run[setting]
  if (before !== undefined && before !== value) refuse(`says ${setting} twice: ${before} and ${value}`, 'Say it once.')
  const note = `${word} is read as ${value}`
  if (/k/i.test(word) && !draft.notes.includes(note)) draft.notes.push(note)
  draft.run[setting] = value
}

function isAxis(word: string): boolean {
  return axisSchema.safeParse(word).success || experimentWords.axes[word] !== undefined
}
