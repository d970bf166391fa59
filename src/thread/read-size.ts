import { isSign, means, named, type Token } from './token.ts'

const linking = new Set(
  'axis axes of at to up down back only just eg is was were becomes goes from = : be by set size count number degree factor 是 为 改成 改为 设为 变成 到 を に が は の で auf a von zu en'.split(
    ' ',
  ),
)

/** The number that belongs to a word: `tp=8`, `batch size of 512`, `context at 32k`. Its index, or null. */
export function sizeAfter(tokens: readonly Token[], from: number): number | null {
  for (let at = from; at < Math.min(tokens.length, from + 5); at++) {
    const one = tokens[at]!
    if (sizeOf(one) !== null) return one.used ? null : turnedTo(tokens, at)
    const links =
      isSign(one, '=:-×*\u2192>') ||
      linking.has(one.text) ||
      /^(?:up|down|back) to$/.test(one.text) ||
      means(one, 'axiswords') ||
      isAside(tokens, at)
    if (!links) return null
  }
  return null
}

/** `from 4 to 2`, `4 -> 2`: what it becomes is meant, not what it is. */
function turnedTo(tokens: readonly Token[], at: number): number {
  const fromIt = /^(?:from|von|de|desde|da)$/.test(tokens[at - 1]?.text ?? '') && /^(?:to|auf|a|zu|para)$/.test(tokens[at + 1]?.text ?? '')
  const arrow = isSign(tokens[at + 1], '-') && isSign(tokens[at + 2], '>')
  const next = arrow ? at + 3 : fromIt || isSign(tokens[at + 1], '→') ? at + 2 : -1
  return next > 0 && sizeOf(tokens[next]) !== null && tokens[next]?.used === false ? next : at
}

/** `lower tp, say 4`, `a shorter context, like 2048`, `more microbatches, 8?`. */
function isAside(tokens: readonly Token[], at: number): boolean {
  const word = /^(?:say|like|maybe|perhaps)$/
  if (word.test(tokens[at]?.text ?? '')) return isSign(tokens[at - 1], ',')
  if (!isSign(tokens[at], ',')) return false
  const ends = tokens[at + 2] === undefined || isSign(tokens[at + 2], '?')
  return word.test(tokens[at + 1]?.text ?? '') || (ends && sizeOf(tokens[at + 1]) !== null)
}

/** A whole number of a token: `8`, `8,192`, `32k` (1,024 each), `eight`. */
export function sizeOf(one: Token | undefined): number | null {
  if (one === undefined) return null
  const spoken = named(one, 'num:')
  if (one.kind !== 'number') return spoken === null || means(one, 'fill') ? null : Number(spoken)
  if (one.value === null || one.negative) return null
  const unit = one.suffix === '' || one.suffix === 'way' ? 1 : one.suffix === 'k' ? 1024 : one.suffix === 'm' ? 1024 * 1024 : 0
  const size = one.value * unit
  return Number.isInteger(size) && size >= 1 && size <= 1e15 ? size : null
}
