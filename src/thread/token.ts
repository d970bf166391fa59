import type { Concepts } from './lexicon.ts'

/** A piece of a message: a word or phrase with what it can mean, a number with what is glued to it, or a sign. */
export interface Token {
  kind: 'word' | 'number' | 'sign' | 'shape' | 'person' | 'link' | 'code'
  text: string
  concepts: Concepts
  /** Of a number. */
  value: number | null
  /** Letters glued to a number: `ms`, `k`, `x`, `%`. */
  suffix: string
  negative: boolean
  /** Recognized only as a typing error of the word that it stands for. */
  guessed: boolean
  /** Read as part of a time, a mesh, a card, a change: no longer a stranger. */
  used: boolean
}

export const nothing: Concepts = new Set()

export function token(kind: Token['kind'], text: string, rest: Partial<Token> = {}): Token {
  return { kind, text, concepts: nothing, value: null, suffix: '', negative: false, guessed: false, used: false, ...rest }
}

export function means(one: Token | undefined, ...concepts: string[]): boolean {
  return one !== undefined && concepts.some((concept) => one.concepts.has(concept))
}

/** What follows a prefix among a token's meanings: the axis of `axis:`, the chip of `chip:`. */
export function named(one: Token | undefined, prefix: string): string | null {
  if (one === undefined) return null
  for (const concept of one.concepts) if (concept.startsWith(prefix)) return concept.slice(prefix.length)
  return null
}

export function isSign(one: Token | undefined, signs: string): boolean {
  return one?.kind === 'sign' && signs.includes(one.text)
}
