import { dtypeSchema } from '../../contract/experiment.ts'
import { experimentWords } from '../words/experiment-words.ts'
import type { LineDraft } from './line-draft.ts'
import { lineWords } from './line-words.ts'

/** The number type that a word names; null for another word. */
export function typeOf(word: string | undefined): string | null {
  if (word === undefined) return null
  return dtypeSchema.safeParse(word).success ? word : (experimentWords.values.dtype[word] ?? null)
}

/** Reads a number type, with what it is of where the line says so. @returns how many words it took. */
export function readType(word: string, next: string | undefined, draft: LineDraft): number {
  const before = typeOf(word)
  const [name, type] = before === null ? [lineWords.types[word], typeOf(next)] : [next && lineWords.types[next], before]
  if (name && type !== null) {
    draft.run[name] = type
    return 2
  }
  if (before === null) return 0
  draft.dtype = before
  return 1
}
