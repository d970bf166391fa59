import type { Mesh } from '../contract/mesh.ts'
import { fold, isCjk } from './fold.ts'
import { lexiconFor } from './lexicon.ts'
import { readCards, readLooseCards } from './read-cards.ts'
import { type Changes, readChanges } from './read-changes.ts'
import { readMesh } from './read-mesh.ts'
import { readPairedMesh } from './read-paired-mesh.ts'
import { readTimes, type SaidTime } from './read-times.ts'
import { isSign, means, named, type Token } from './token.ts'
import { tokenize } from './tokenize.ts'

/** What a message says, before it is decided what it asks for. */
export interface Facts {
  tokens: readonly Token[]
  times: readonly SaidTime[]
  cards: readonly number[]
  /** Digits that may be cards though no word says so; reading them takes them. */
  looseCards: () => number[]
  mesh: Mesh
  changes: Changes
  /** A setting was written with `=` or `:`. */
  explicit: boolean
  /** How many things are named that could be computed: axes and changes. */
  changesNamed: number
  question: boolean
  /** It begins by asking to be shown or told. */
  request: boolean
  /** Another person or a link is in it. */
  speaksToOthers: boolean
  /** Ids of runs and jobs: words with digits in them that mean nothing else. */
  ids: readonly string[]
  has: (...concepts: string[]) => boolean
  /** As `has`, for words that are not ordinary grammar too. */
  key: (...concepts: string[]) => boolean
  /**
   * Words and numbers that were not read and mean none of these; typing errors that were guessed count for a third. With `end`,
   * of the tokens before it.
   */
  strangers: (allowed: readonly string[], end?: number) => number
  /** Pieces that say anything at all. */
  length: number
}

/** Reads all that can be read from a message, in an order in which no word is read twice. */
export function gatherFacts(text: string, cardCount: number): Facts {
  const words = lexiconFor(fold(text))
  const tokens = tokenize(text, words)
  const units = (word: string): string | null => {
    for (const concept of words.phrases.get(word) ?? []) if (concept.startsWith('unit:')) return concept.slice('unit:'.length)
    return null
  }
  const times = readTimes(tokens, units)
  const cards = readCards(tokens)
  const pairs = readPairedMesh(tokens)
  const changes = readChanges(tokens, words)
  const single = readMesh(tokens)
  const mesh = { ...pairs.mesh, ...single.mesh }
  const said = tokens.filter((one) => one.kind !== 'sign')
  const question = isQuestion(tokens)
  return {
    tokens,
    times,
    cards,
    looseCards: () => readLooseCards(tokens, cardCount),
    mesh,
    changes,
    explicit: pairs.explicit || single.explicit || isExplicit(tokens, changes),
    changesNamed: Object.keys(mesh).length + Object.keys(changes).length,
    question,
    request:
      tokens.slice(0, 3).some((one) => means(one, 'ask')) ||
      (said.length > 1 && means(said.at(-1), 'ask') && isCjk(said.at(-1)?.text.charAt(0) ?? '')),
    speaksToOthers: tokens.some((one) => one.kind === 'person' || one.kind === 'link'),
    ids: said
      .filter((one) => one.kind === 'word' && one.concepts.size === 0 && /\d/.test(one.text) && /[a-z]/.test(one.text))
      .map((one) => one.text),
    has: (...concepts) => tokens.some((one) => meansKind(one, concepts)),
    key: (...concepts) => tokens.some((one) => meansKind(one, concepts) && (!means(one, 'fill') || said.length === 1)),
    strangers: (allowed, end = tokens.length) => tokens.slice(0, end).reduce((sum, one) => sum + strangeness(one, allowed), 0),
    length: said.length,
  }
}

function meansKind(one: Token, kinds: readonly string[]): boolean {
  for (const concept of one.concepts) if (kinds.includes(concept.split(':')[0] ?? concept)) return true
  return false
}

function strangeness(one: Token, allowed: readonly string[]): number {
  if (one.used || one.kind === 'sign') return 0
  if (one.kind === 'number') return 1
  for (const concept of one.concepts) {
    const kind = concept.split(':')[0] ?? concept
    if (concept === 'fill' || allowed.includes(kind)) return one.guessed ? 1 / 3 : 0
  }
  return 1
}

function isExplicit(tokens: readonly Token[], changes: Changes): boolean {
  return Object.keys(changes).length > 0 && tokens.some((one, index) => isSign(one, '=') && tokens[index - 1]?.used === true)
}

const opening = new Set(['why', 'what', 'how'])
const auxiliaries = /^(?:is|are|was|do|does|did|can|could|will|would|shall|should|has|have|ist|sind|hat|kann|wird)$/

/** A question mark, a question word in front, an auxiliary in front, or a particle that asks (吗, 呢, か). */
function isQuestion(tokens: readonly Token[]): boolean {
  if (tokens.some((one) => isSign(one, '?？'))) return true
  const said = tokens.filter((one) => one.kind !== 'sign')
  const leading = said.find((one) => !/^(?:and|but|so|ok|okay|hey|hi|um|also|y|und|aber|btw|hm|hmm)$/.test(one.text))
  if (leading === undefined) return false
  // `will run card 1 tomorrow` leaves its subject out; a question does not
  const next = said[said.indexOf(leading) + 1]
  if (auxiliaries.test(leading.text) && said.length > 2 && !means(next, 'ran', 'adopt')) return true
  if ([...opening].some((concept) => leading.concepts.has(concept) && !means(leading, 'fill', 'ran'))) return true
  if (/^(?:hows?|whats?|which|wheres?|whos?|whens?|cuanto|como|que|wie|was|wo|welche)\b/.test(leading.text)) return true
  const last = said.at(-1)
  if (last !== undefined && /(?:吗|呢|か|の|かな)$/.test(last.text) && isCjk(last.text.charAt(0)) && last.text !== 'もの') return true
  return said.some((one) => isCjk(one.text.charAt(0)) && means(one, 'why', 'what', 'how') && !means(one, 'fill'))
}

/** Numbers that count steps (`over 100 steps`, `10k steps`) are read by who asks for them. */
export function takeStepCounts(tokens: readonly Token[]): number | null {
  let count: number | null = null
  for (const [index, one] of tokens.entries()) {
    if (one.kind !== 'number' || one.used || one.value === null || named(one, 'unit:') !== null) continue
    const beside = [tokens[index + 1], tokens[index - 1], means(tokens[index + 1], 'fill', 'subject') ? tokens[index + 2] : undefined]
    if (!beside.some((near) => means(near, 'step'))) continue
    count = one.value * (one.suffix === 'k' ? 1000 : one.suffix === 'm' ? 1e6 : 1)
    one.used = true
  }
  return count
}
