import { fold, isCjk, isLetter } from './fold.ts'
import type { Lexicon } from './lexicon.ts'
import { likeliest } from './likeness.ts'
import { readNumber } from './read-number.ts'
import { nothing, type Token, token } from './token.ts'

const people = /<[@!#][^<>\s]{1,80}>/y
/** Whom people write to by hand; the bot's own names are no other person's. */
const name = /[a-z][\w.-]{0,60}/y
const ownNames = /^(?:prompts|bot)\b/
const link = /(?:<https?:[^<>\s]{1,1000}>|https?:[^\s<>]{1,1000})/y
const emoji = /:[a-z][a-z0-9_+-]{0,60}:/y
const shape = /\d{1,3}x\d{1,3}(?:x\d{1,3})?(?![\dx])/y
const number = /\d[\d.,]*/y
const latin = /[\p{L}\p{N}_.+-]/u
const maxGuesses = 40

/** Splits a message into words, numbers and signs, each with what it can mean. One pass; a message is bounded before. */
export function tokenize(message: string, words: Lexicon): Token[] {
  const text = fold(message)
  const tokens: Token[] = []
  let guesses = 0
  let index = 0
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = index
    const found = pattern.exec(text)?.[0] ?? null
    if (found !== null) index += found.length
    return found
  }
  while (index < text.length) {
    const character = text.charAt(index)
    if (/\s/.test(character)) {
      index++
    } else if (character === '<' && take(people) !== null) {
      tokens.push(token('person', '@'))
    } else if (character === '@' && isNamed(text, index, words)) {
      index++
      take(name)
      tokens.push(token('person', '@'))
    } else if ((character === '<' || character === 'h') && take(link) !== null) {
      tokens.push(token('link', 'link'))
    } else if (character === ':' && take(emoji) !== null) {
    } else if (/\d/.test(character)) {
      const dims = take(shape)
      tokens.push(dims === null ? readNumberAt(take(number) ?? '') : token('shape', dims))
    } else if (isCjk(character)) {
      index = readCjk(text, index, words, tokens)
    } else if (isLetter(character)) {
      const start = index
      while (index < text.length && latin.test(text.charAt(index)) && !isCjk(text.charAt(index))) index++
      const word = text.slice(start, index).replace(/[._+-]{1,20}$/, '')
      for (const part of split(word, words)) tokens.push(part)
    } else {
      tokens.push(token('sign', character))
      index++
    }
  }
  return joinPhrases(tokens, words).map((one) => {
    if (one.kind !== 'word' || one.concepts.size > 0 || guesses >= maxGuesses) return one
    guesses++
    const meant = likeliest(one.text, words)
    return meant === null ? one : { ...one, concepts: words.phrases.get(meant) ?? nothing, guessed: true }
  })

  function readNumberAt(raw: string): Token {
    const written = raw.replace(/[.,]{1,20}$/, '')
    index -= raw.length - written.length
    const before = tokens.at(-1)
    const negative = (before?.kind === 'sign' && /[-\u2212]/.test(before.text)) === true
    const suffix = /^(?:[a-zµ]{1,12}|%)/.exec(text.slice(index, index + 12))?.[0] ?? ''
    index += suffix.length
    return token('number', written + suffix, { value: readNumber(written), suffix, negative })
  }
}

/** `@alice` where a word begins; `@step 100` and `a@b` name nobody. */
function isNamed(text: string, at: number, words: Lexicon): boolean {
  if (at > 0 && /[\p{L}\p{N}]/u.test(text.charAt(at - 1))) return false
  name.lastIndex = at + 1
  const found = name.exec(text)?.[0]
  return found !== undefined && !ownNames.test(found) && !words.phrases.has(found)
}

/** A word as it is, or the parts of it that we know: `un-adopt`, `8-way`, `tp8xfsdp8`, `ici_tensor_parallelism`. */
function split(word: string, words: Lexicon): Token[] {
  const known = words.phrases.get(word) ?? words.phrases.get(word.replace(/_parallelism$/, ''))
  if (known) return [token('word', word, { concepts: known })]
  const glued = /^(?:[a-z]{1,12}\d{1,5}x?)+$/.test(word.slice(0, 60)) && word.length <= 60 ? axesGlued(word, words) : null
  if (glued) return glued
  const measured = /^([a-z_]{2,40})_(ms|s|sec|secs|seconds|min)$/.exec(word)
  const stem = measured && words.phrases.get(measured[1] ?? '')
  if (measured && stem)
    return [
      token('word', measured[1] ?? '', { concepts: stem }),
      token('word', measured[2] ?? '', { concepts: words.phrases.get(measured[2] ?? '') ?? nothing }),
    ]
  if (/^x\d{1,3}$/.test(word)) return [token('number', word, { value: Number(word.slice(1)), suffix: 'x' })]
  const parts = word.split(/[-.+]/).filter((part) => part !== '')
  const looksLikeId = /\d/.test(word)
  if (parts.length > 1 && !looksLikeId) {
    const found = parts.map((part) => token('word', part, { concepts: words.phrases.get(part) ?? nothing }))
    if (found.some((part) => part.concepts.size > 0)) return found
  }
  return [token('word', word)]
}

function axesGlued(word: string, words: Lexicon): Token[] | null {
  const tokens: Token[] = []
  for (const [, letters = '', digits = ''] of word.matchAll(/([a-wyz]{1,12})(\d{1,5})x?/g)) {
    const concepts = words.phrases.get(letters)
    if (!concepts || ![...concepts].some((concept) => /^axis:|^card$|^batch$|^micro$/.test(concept))) return null
    tokens.push(token('word', letters, { concepts }), token('sign', '='), token('number', digits, { value: Number(digits) }))
  }
  return tokens.length > 0 ? tokens : null
}

/**
 * One known phrase, or what stands before the next known one as a stranger; short leftovers of grammar (hiragana) are no
 * strangers.
 */
function readCjk(text: string, from: number, words: Lexicon, tokens: Token[]): number {
  let at = from
  while (at < text.length && isCjk(text.charAt(at))) {
    const longest = Math.min(words.longestCjk.get(text.charAt(at)) ?? 0, text.length - at)
    for (let length = longest; length > 0; length--) {
      const phrase = text.slice(at, at + length)
      const concepts = words.phrases.get(phrase)
      if (!concepts) continue
      pushStranger(text.slice(from, at), tokens)
      tokens.push(token('word', phrase, { concepts }))
      return at + length
    }
    at++
  }
  pushStranger(text.slice(from, at), tokens)
  return at
}

function pushStranger(text: string, tokens: Token[]): void {
  if (text === '' || (text.length <= 2 && /^[\u3040-\u309f\u30fc\u3005]+$/.test(text))) return
  tokens.push(token('word', text))
}

/** Words that stand together for one thing become one token: the longest phrase first. */
function joinPhrases(tokens: readonly Token[], words: Lexicon): Token[] {
  const joined: Token[] = []
  for (let index = 0; index < tokens.length; index++) {
    const first = tokens[index]!
    const longest = first.kind === 'word' ? (words.longest.get(first.text) ?? 1) : 1
    let end = index + 1
    let phrase = first.text
    let best: { concepts: Token['concepts']; end: number; text: string } | null = null
    while (end < tokens.length && end - index < longest && tokens[end]?.kind === 'word') {
      phrase += ` ${tokens[end]?.text}`
      end++
      const concepts = words.phrases.get(phrase)
      if (concepts) best = { concepts, end, text: phrase }
    }
    joined.push(best ? token('word', best.text, { concepts: best.concepts }) : first)
    if (best) index = best.end - 1
  }
  return joined
}
