import { z } from 'zod'
import { lazyKnowledge } from '../knowledge/data/read-data.ts'
import { fold, isCjk } from './fold.ts'

const list = z.string().transform((text) => text.split(',').map((word) => word.trim()))
const byLanguage = z.record(z.string(), list)

const schema = z.strictObject({
  about: z.string(),
  concepts: z.record(z.string(), byLanguage),
  axes: z.record(z.string(), byLanguage),
  chips: z.record(z.string(), list),
  units: z.record(z.string(), list),
  numbers: z.record(z.string(), list),
  terms: z.record(z.string(), list),
  not_typos: list,
})

const words = lazyKnowledge('thread-words.json', schema)

/** What a word or phrase can mean: `why`, `axis:model`, `chip:v6e`, `unit:ms`, `num:2`, `term:mfu`. */
export type Concepts = ReadonlySet<string>

export interface Lexicon {
  /** By phrase, folded, one space between its words. */
  phrases: ReadonlyMap<string, Concepts>
  /** How many words the longest phrase has that begins with a word. */
  longest: ReadonlyMap<string, number>
  /** The longest phrase, in characters, that begins with a Chinese or Japanese character. */
  longestCjk: ReadonlyMap<string, number>
  /** Single Latin words that a typing error may have meant, by length. */
  byLength: ReadonlyMap<number, readonly string[]>
  /** Real words that look like one of ours and mean something else. */
  notTypos: ReadonlySet<string>
}

let built: Lexicon | undefined

/** The words of `knowledge/thread-words.json`, indexed for the reader. */
export function lexicon(): Lexicon {
  built ??= build()
  return built
}

function build(): Lexicon {
  const data = words()
  const phrases = new Map<string, Set<string>>()
  const add = (phrase: string, concept: string) => {
    const folded = fold(phrase)
    const known = phrases.get(folded) ?? new Set<string>()
    phrases.set(folded, known.add(concept))
  }
  const addAll = (groups: Record<string, Record<string, string[]>>, prefix: string) => {
    for (const [name, languages] of Object.entries(groups))
      for (const list of Object.values(languages)) for (const phrase of list) add(phrase, prefix + name)
  }
  addAll(data.concepts, '')
  addAll(data.axes, 'axis:')
  for (const kind of ['chips', 'units', 'numbers', 'terms'] as const) {
    const prefix = { chips: 'chip:', units: 'unit:', numbers: 'num:', terms: 'term:' }[kind]
    for (const [name, list] of Object.entries(data[kind])) for (const phrase of list) add(phrase, prefix + name)
  }
  return { phrases, ...index(phrases), notTypos: new Set(data.not_typos) }
}

function index(phrases: ReadonlyMap<string, ReadonlySet<string>>): Pick<Lexicon, 'longest' | 'longestCjk' | 'byLength'> {
  const longest = new Map<string, number>()
  const longestCjk = new Map<string, number>()
  const byLength = new Map<number, string[]>()
  for (const [phrase, concepts] of phrases) {
    const first = phrase.charAt(0)
    if (isCjk(first)) longestCjk.set(first, Math.max(longestCjk.get(first) ?? 0, phrase.length))
    const parts = phrase.split(' ')
    const head = parts[0] ?? phrase
    longest.set(head, Math.max(longest.get(head) ?? 0, parts.length))
    if (parts.length === 1 && /^[a-z]{4,}$/.test(phrase) && !concepts.has('fill')) {
      const peers = byLength.get(phrase.length) ?? []
      peers.push(phrase)
      byLength.set(phrase.length, peers)
    }
  }
  return { longest, longestCjk, byLength }
}
