import { isSign, means, named, type Token } from './token.ts'

const ordinals = ['first', 'second', 'third']

/** The cards that a message names (`card 2`, `#2`, `the second one`, `2番`), in the order said. Marks their words as read. */
export function readCards(tokens: readonly Token[]): number[] {
  const cards: number[] = []
  const add = (card: number, ...used: (Token | undefined)[]) => {
    if (!cards.includes(card)) cards.push(card)
    for (const one of used) if (one) one.used = true
  }
  for (let index = 0; index < tokens.length; index++) {
    const one = tokens[index]!
    if (one.used) continue
    const ordinal = ordinalOf(tokens, index)
    if (ordinal >= 0) {
      if (countsAnother(tokens[index + 1])) {
        one.used = true
        continue
      }
      add(ordinal + 1, one, means(tokens[index + 1], 'card') ? tokens[index + 1] : undefined)
      continue
    }
    if (!(means(one, 'card') || isSign(one, '#'))) continue
    let at = index + 1
    while (at - index < 4 && (isSign(tokens[at], '#:=(') || means(tokens[at], 'card') || /^(?:no|nr|num)$/.test(tokens[at]?.text ?? '')))
      at++
    const card = cardNumber(tokens[at])
    if (card !== null) {
      add(card, ...tokens.slice(index, at + 1))
      readMore(tokens, at + 1, add)
      continue
    }
    // Japanese and Chinese count before the noun: 2番, 3号卡片
    const before = cardNumber(tokens[index - 1])
    if (before !== null && one.kind === 'word' && /[^\u0020-\u007e]/.test(one.text)) add(before, tokens[index - 1], one)
  }
  return cards
}

const written = ['1st', '2nd', '3rd']

/**
 * Which of the three an ordinal names (`the second one`, `2nd card`; `first` alone only where cards are spoken of); -1 where it
 * is none.
 */
function ordinalOf(tokens: readonly Token[], index: number): number {
  const one = tokens[index]!
  const named = ordinals.findIndex((name) => one.concepts.has(name))
  if (named >= 0) return named
  const short = written.indexOf(one.text)
  if (short >= 0) return means(tokens[index + 1], 'card') || tokens[index + 1]?.text === 'one' ? short : -1
  const next = tokens[index + 1]
  const isListed = means(next, 'card', 'compare') || /^(?:and|or|vs)$/.test(next?.text ?? '')
  return isListed && tokens.some((other) => means(other, 'card', ...ordinals)) ? ['first', '', 'third'].indexOf(one.text) : -1
}

/** `the first step`, `the second node`: the ordinal counts that noun, and no card. */
function countsAnother(next: Token | undefined): boolean {
  if (next === undefined || next.kind !== 'word' || means(next, 'card')) return false
  const noun = means(next, 'step', 'batch', 'slices', 'hardware', 'days', 'micro', 'thisanswer')
  return noun || next.concepts.size === 0 || (means(next, 'subject') && !/^(?:it|this|that|we)$/.test(next.text))
}

/** `1 and 2`, `2 or 3`: single digits that stand for nothing else. Only for sentences that already speak of cards. */
export function readLooseCards(tokens: readonly Token[], count: number): number[] {
  const cards = new Set<number>()
  for (const one of tokens) {
    const card = cardNumber(one)
    if (card === null || card > count || !isPlain(one)) continue
    one.used = true
    cards.add(card)
  }
  return [...cards]
}

function readMore(tokens: readonly Token[], from: number, add: (card: number, ...used: (Token | undefined)[]) => void): void {
  let at = from
  while (isSign(tokens[at], ',&/+') || means(tokens[at], 'fill', 'compare') || isSign(tokens[at], '#')) {
    const joins = isSign(tokens[at], ',&/+') || /^(?:and|or|und|oder|y|o|和|与|跟|と|vs|vs\.|versus|からの)$/.test(tokens[at]?.text ?? '')
    if (!joins) return
    let next = at + 1
    if (isSign(tokens[next], '#') || means(tokens[next], 'card')) next++
    const card = cardNumber(tokens[next])
    if (card === null || !endsNumber(tokens, next)) return
    add(card, ...tokens.slice(at, next + 1))
    at = next + 1
  }
}

function endsNumber(tokens: readonly Token[], at: number): boolean {
  const after = tokens[at + 1]
  return named(after, 'unit:') === null && !means(after, 'slices') && !isSign(after, 'x×')
}

function cardNumber(one: Token | undefined): number | null {
  if (one === undefined || one.used || one.negative) return null
  const spoken = named(one, 'num:')
  const value = one.kind === 'number' && one.suffix === '' ? one.value : spoken === null ? null : Number(spoken)
  return value !== null && Number.isInteger(value) && value >= 1 && value <= 9 ? value : null
}

function isPlain(one: Token): boolean {
  return one.kind === 'number' || !means(one, 'fill')
}
