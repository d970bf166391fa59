import type { Rank } from '../../runs/adoption.ts'

/** What a reaction says: a card's number, or "this one". */
export type Meaning = { kind: 'number'; rank: Rank } | { kind: 'yes' }

const numbers: Readonly<Record<string, Rank>> = { one: 1, two: 2, three: 3 }
const yes = new Set(['white_check_mark', 'heavy_check_mark', 'ballot_box_with_check', '+1', 'thumbsup'])

/** Reads a reaction's name; skin tones do not matter. Null for all others. */
export function reactionMeaning(name: string): Meaning | null {
  const bare = name.split('::')[0] ?? ''
  const rank = Object.hasOwn(numbers, bare) ? numbers[bare] : undefined
  if (rank !== undefined) return { kind: 'number', rank }
  return yes.has(bare) ? { kind: 'yes' } : null
}
