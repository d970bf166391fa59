import { z } from 'zod'
import { chips, namesOfChip } from '../contract/chip.ts'
import { lazyKnowledge } from '../knowledge/data/read-data.ts'
import { fold, isCjk } from './fold.ts'

const list = z.string().transform((text) => text.split(',').map((word) => word.trim()))
const byLanguage = z.record(z.string(), list)

const schema = z.strictObject({
  about: z.string(),
  concepts: z.record(z.string(), byLanguage),
  axes: z.record(z.string(), byLanguage),
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

/** English, in which all write here, and languages with letters of their own, whose words no other has. */
const always: readonly string[] = ['en', 'zh', 'ja']

interface Words {
  languages: readonly string[]
  /** The words of each language, phrases taken apart. */
  vocabulary: ReadonlyMap<string, ReadonlySet<string>>
  byLanguages: Map<string, Lexicon>
}

let known: Words | undefined

/**
 * The words of `knowledge/thread-words.json` that a message can mean, indexed for the reader. Besides English, a language counts
 * only where a message has at least as many of its words as of English ones: `car` is a vehicle in an English sentence, whatever
 * it is in French.
 * @param text Folded.
 */
export function lexiconFor(text: string): Lexicon {
  known ??= readWords()
  const { vocabulary, languages, byLanguages } = known
  const said = text.split(/[^\p{L}]+/u).filter((word) => word !== '')
  const score = (language: string) => said.filter((word) => vocabulary.get(language)?.has(word)).length
  const english = score('en')
  const spoken = languages.filter((language) => always.includes(language) || (score(language) > 0 && score(language) >= english))
  const key = spoken.join(' ')
  const found = byLanguages.get(key) ?? build(spoken)
  byLanguages.set(key, found)
  return found
}

function readWords(): Words {
  const vocabulary = new Map<string, Set<string>>()
  for (const groups of [words().concepts, words().axes])
    for (const byLanguage of Object.values(groups))
      for (const [language, list] of Object.entries(byLanguage)) {
        const own = vocabulary.get(language) ?? new Set<string>()
        for (const word of list.flatMap((phrase) => fold(phrase).split(/[^\p{L}]+/u))) if (word !== '') own.add(word)
        vocabulary.set(language, own)
      }
  return { languages: [...vocabulary.keys()], vocabulary, byLanguages: new Map() }
}

function build(spoken: readonly string[]): Lexicon {
  const data = words()
  const phrases = new Map<string, Set<string>>()
  const add = (phrase: string, concept: string) => {
    const folded = fold(phrase)
    const meanings = phrases.get(folded) ?? new Set<string>()
    phrases.set(folded, meanings.add(concept))
  }
  const addAll = (groups: Record<string, Record<string, string[]>>, prefix: string) => {
    for (const [name, languages] of Object.entries(groups))
      for (const language of spoken) for (const phrase of languages[language] ?? []) add(phrase, prefix + name)
  }
  addAll(data.concepts, '')
  addAll(data.axes, 'axis:')
  for (const chip of chips) for (const name of namesOfChip(chip)) add(name, `chip:${chip}`)
  for (const kind of ['units', 'numbers', 'terms'] as const) {
    const prefix = { units: 'unit:', numbers: 'num:', terms: 'term:' }[kind]
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
