import { isSign, means, named, type Token } from './token.ts'

const msPerUnit: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, min: 60_000 }
/** What no step takes: less than 10 µs, more than an hour. */
const bounds = { low: 0.01, high: 3_600_000 }

export interface SaidTime {
  ms: number
  unit: 'us' | 'ms' | 's' | 'min'
  /** Said to be of a step: `s/it`, `per step`, `每步`. */
  perStep: boolean
  /** More than a round number: `22.9`, `18,950`. */
  precise: boolean
}

/** The times in a message, as milliseconds of a step; rates (`0.5 steps/s`) are turned round. Marks their words as read. */
export function readTimes(tokens: readonly Token[], units: (word: string) => string | null): SaidTime[] {
  const times: SaidTime[] = []
  for (let index = 0; index < tokens.length; index++) {
    const one = tokens[index]!
    if (one.kind !== 'number' || one.value === null || one.used) continue
    const rate = readRate(tokens, index, one.value, units)
    if (rate) {
      times.push(rate)
      continue
    }
    const next = tokens[index + 1]
    // `1m 20s`: an m is minutes only before seconds
    const minutes = one.suffix === 'm' && next?.kind === 'number' && units(next.suffix) === 's'
    const glued = one.suffix === '' ? null : minutes ? 'min' : units(one.suffix)
    const after = (one.suffix === '' || one.suffix === 'k') && next?.kind === 'word' ? named(next, 'unit:') : null
    const before = glued === null && after === null && one.suffix === '' ? unitBefore(tokens, index) : null
    const unit = glued ?? after ?? before
    if (unit === null || one.negative) continue
    const unitAt = glued !== null ? index : after !== null ? index + 1 : index - 2
    one.used = true
    tokens[unitAt]!.used = true
    // `1.2k ms`: a thousand of them
    const count = one.suffix === 'k' ? one.value * 1000 : one.value
    const ms = count * (msPerUnit[unit] ?? 0)
    const previous = times.at(-1)
    if (previous?.unit === 'min' && unit === 's' && one.value < 60 && isJust(tokens, index)) {
      previous.ms += ms
      previous.precise = true
    } else times.push({ ms, unit: unit as SaidTime['unit'], perStep: false, precise: isPrecise(one) })
    if (readPerStep(tokens, Math.max(unitAt, index) + 1)) times.at(-1)!.perStep = true
  }
  return times.filter((time) => time.ms >= bounds.low && time.ms <= bounds.high)
}

/** `seconds: 22.9`, `ms=840`, as logs write it. */
function unitBefore(tokens: readonly Token[], index: number): string | null {
  return isSign(tokens[index - 1], ':=') ? named(tokens[index - 2], 'unit:') : null
}

/** `0.04 steps/s`, `2.1 it/s`. */
function readRate(tokens: readonly Token[], index: number, value: number, units: (word: string) => string | null): SaidTime | null {
  const [number, first, second, third] = tokens.slice(index, index + 4)
  const glued = number !== undefined && /^(?:it|its|steps?)$/.test(number.suffix)
  const step = glued ? number : first
  const slash = glued ? first : second
  const unit = glued ? second : third
  if (!(glued || means(step, 'step')) || !(isSign(slash, '/') || means(slash, 'per')) || unit === undefined || units(unit.text) !== 's')
    return null
  if (value <= 0 || number?.negative) return null
  for (const one of [number, step, slash, unit]) if (one) one.used = true
  return { ms: 1000 / value, unit: 's', perStep: true, precise: true }
}

/** `/step`, `per step`, `a step`, `je Schritt` after a time. */
function readPerStep(tokens: readonly Token[], from: number): boolean {
  const [link, noun] = [tokens[from], tokens[from + 1]]
  if (isSign(link, '/') && means(noun, 'step')) {
    link!.used = true
    noun!.used = true
    return true
  }
  if (means(link, 'per') && means(noun, 'step')) {
    noun!.used = true
    return true
  }
  return means(link, 'step') && link?.text !== 'it' && link?.text !== 'its'
}

function isJust(tokens: readonly Token[], index: number): boolean {
  const before = tokens[index - 1]
  return before?.used === true || (means(before, 'fill') && tokens[index - 2]?.used === true)
}

function isPrecise({ text, value }: Token): boolean {
  return /[.,]/.test(text) || (value !== null && value >= 100)
}
