import { z } from 'zod'
import { type ChipName, chips } from '../contract/chip.ts'
import { lazyKnowledge } from '../knowledge/data/read-data.ts'
import type { Lexicon } from './lexicon.ts'
import { sizeAfter, sizeOf } from './read-size.ts'
import type { Value } from './reading.ts'
import { isSign, means, named, type Token } from './token.ts'

/** What is to be different, besides the mesh. */
export type Changes = Omit<Value, 'step_time_ms' | 'mesh' | 'cards' | 'experiment'>

const policies = lazyKnowledge(
  'remat-policies.json',
  z.object({ policies: z.record(z.string(), z.unknown()), aliases: z.record(z.string(), z.string()) }),
)
const factors: Readonly<Record<string, number>> = { double: 2, half: 0.5, triple: 3, quadruple: 4, quarter: 0.25 }
const smallestLength = 256

/** The changes of the job that a message speaks of. Marks their words as read. */
export function readChanges(tokens: readonly Token[], words: Lexicon): Changes {
  const changes: Changes = {}
  readHardware(tokens, words, changes)
  readMicrobatches(tokens, changes)
  readSequence(tokens, changes)
  readBatch(tokens, changes)
  readRemat(tokens, changes)
  return changes
}

function readHardware(tokens: readonly Token[], words: Lexicon, changes: Changes): void {
  for (const [index, one] of tokens.entries()) {
    if (one.used) continue
    const slice = /^((?:tpu-?)?v?[a-z0-9]{1,12}?)-(\d{1,6})$/.exec(one.text)
    const chip = chipOf(slice ? words.phrases.get(slice[1] ?? '') : one.concepts)
    if (chip !== null && one.kind === 'word' && isTurnedFrom(tokens, index)) {
      one.used = true
      continue
    }
    if (chip !== null && one.kind === 'word') {
      changes.chip = chip
      one.used = true
      if (slice) {
        changes.topology = `${chip}-${slice[2]}`
        readSlicesBefore(tokens, index, changes)
      } else if (isSign(tokens[index + 1], '-') && tokens[index + 2]?.kind === 'number') {
        changes.topology = `${chip}-${tokens[index + 2]?.value}`
        tokens[index + 1]!.used = true
        tokens[index + 2]!.used = true
      }
    } else if (one.kind === 'shape') {
      changes.topology = one.text
      one.used = true
    } else if (means(one, 'slices')) readSlices(tokens, index, changes)
  }
}

/** `2x v5p-128`, `2 × v5p-128`, `two v5p-128 slices`. */
function readSlicesBefore(tokens: readonly Token[], index: number, changes: Changes): void {
  const times = means(tokens[index - 1], 'times') || isSign(tokens[index - 1], '×*')
  const before = times ? tokens[index - 2] : tokens[index - 1]
  const counts = times || before?.suffix === 'x' || means(tokens[index + 1], 'slices')
  const size = before?.suffix === 'x' ? before.value : sizeOf(before)
  if (!counts || before === undefined || size === null || before.used) return
  changes.slices = size
  before.used = true
  if (means(tokens[index + 1], 'slices')) tokens[index + 1]!.used = true
}

/** `v6e instead of v5p`, `from v5p to v6e`: what is said after such a word is what it is now. */
function isTurnedFrom(tokens: readonly Token[], index: number): boolean {
  const before = tokens[index - 1]?.text === 'the' ? tokens[index - 2] : tokens[index - 1]
  return /^(?:instead of|rather than|from|statt|anstatt|en lugar de|en vez de|au lieu de|em vez de|invece di|vs|over|than)$/.test(
    before?.text ?? '',
  )
}

function chipOf(concepts: ReadonlySet<string> | undefined): ChipName | null {
  for (const concept of concepts ?? []) {
    const name = concept.startsWith('chip:') ? concept.slice('chip:'.length) : ''
    const chip = chips.find((one) => one === name)
    if (chip) return chip
  }
  return null
}

function readSlices(tokens: readonly Token[], index: number, changes: Changes): void {
  let at = index - 1
  while (at > index - 4 && (/^(?:个|つの|的|枚の)$/.test(tokens[at]?.text ?? '') || isSign(tokens[at], '-'))) at--
  const before = sizeOf(tokens[at])
  const after = before === null ? sizeAfter(tokens, index + 1) : null
  const single = /^(?:single|one)$/.test(tokens[at]?.text ?? '')
  const size = single ? 1 : (before ?? (after === null ? null : sizeOf(tokens[after])))
  if (size === null || size > 4096) return
  changes.slices = size
  for (const one of after === null ? tokens.slice(at, index + 1) : tokens.slice(index, after + 1)) one.used = true
}

function readMicrobatches(tokens: readonly Token[], changes: Changes): void {
  for (const [index, one] of tokens.entries()) {
    if (!means(one, 'micro') || one.used) continue
    const at = sizeBeside(tokens, index)
    if (at === null) continue
    changes.microbatches = sizeOf(tokens[at]) ?? 1
    markBetween(tokens, index, at)
  }
}

function readSequence(tokens: readonly Token[], changes: Changes): void {
  for (const [index, one] of tokens.entries()) {
    if (!means(one, 'seqlen') || one.used) continue
    // `a batch of 640 sequences` counts them
    if (/^(?:sequences|seqs)$/.test(one.text) && tokens.some((other) => means(other, 'batch'))) {
      one.used = true
      continue
    }
    // `a shorter context, 2048`
    const at = sizeBeside(tokens, index) ?? (isSign(tokens[index + 1], ',') ? sizeAfter(tokens, index + 2) : null)
    const size = at === null ? null : sizeOf(tokens[at])
    if (at === null || size === null || size < smallestLength) continue
    changes.seq_len = size
    markBetween(tokens, index, at)
  }
}

function readBatch(tokens: readonly Token[], changes: Changes): void {
  const index = tokens.findIndex((one) => means(one, 'batch') && !one.used)
  if (index < 0) return
  const factor = factorIn(tokens, index)
  if (factor !== null) {
    changes.batch_factor = factor
    tokens[index]!.used = true
    return
  }
  const at = sizeBeside(tokens, index)
  const size = at === null ? null : sizeOf(tokens[at])
  if (at === null || size === null) return
  changes.global_batch = size
  markBetween(tokens, index, at)
}

/** `double`, `4x`, `x2`, `÷2`, `2倍`, `50% more` is not said so and stays unread. */
function factorIn(tokens: readonly Token[], batch: number): number | null {
  for (const [index, one] of tokens.entries()) {
    if (one.used) continue
    const word = Object.keys(factors).find((name) => one.concepts.has(name))
    const number = one.kind === 'number' && one.value !== null && !one.negative ? one.value : null
    const next = tokens[index + 1]
    if (
      number !== null &&
      number > 0 &&
      (one.suffix === 'x' || (one.suffix === '' && (means(next, 'times') || next?.text.startsWith('倍') || isSign(next, '×*'))))
    ) {
      one.used = true
      if (one.suffix === '' && next) next.used = true
      return number
    }
    const before = tokens[index - 1]
    if (number !== null && number > 0 && one.suffix === '' && index - batch <= 3 && (isSign(before, '×*/÷') || before?.text === 'x')) {
      one.used = true
      before!.used = true
      return isSign(before, '/÷') ? 1 / number : number
    }
    if (word !== undefined && number === null) {
      const spoken = named(before, 'num:')
      if (before?.kind === 'number' && before.suffix === '' && before.value !== null && means(one, 'times')) continue
      if (spoken !== null && means(one, 'times') && !means(before, 'fill')) continue
      one.used = true
      return factors[word] ?? null
    }
  }
  return null
}

/** `kill remat`: the setting is to go, not the run. */
function isDropped(one: Token): boolean {
  return /^(?:kill|ditch|scrap|lose)$/.test(one.text)
}

function readRemat(tokens: readonly Token[], changes: Changes): void {
  const { policies: known, aliases } = policies()
  for (const [index, one] of tokens.entries()) {
    if (one.kind === 'word' && one.text.includes('_') && (one.text in known || one.text in aliases)) {
      changes.remat = one.text
      one.used = true
    }
    if (!means(one, 'remat') || one.used) continue
    const around = tokens
      .slice(Math.max(0, index - 3), index + 5)
      .filter(
        (near) =>
          near !== one &&
          !near.used &&
          (near.text in known ||
            near.text in aliases ||
            means(near, 'full', 'minimal', 'off', 'not') ||
            (near === tokens[index - 1] && isDropped(near))),
      )
    const policy = around.find((near) => near.text in known || near.text in aliases) ?? around[0]
    if (policy === undefined) {
      one.used = changes.remat !== undefined
      continue
    }
    const name =
      policy.text in known || policy.text in aliases
        ? policy.text
        : means(policy, 'full')
          ? 'full'
          : means(policy, 'minimal')
            ? 'minimal'
            : 'none'
    changes.remat = name
    one.used = true
    policy.used = true
  }
}

/** The size that stands after a word (`batch=512`) or before it (`8 microbatches`, `32k context`). */
function sizeBeside(tokens: readonly Token[], index: number): number | null {
  const after = sizeAfter(tokens, index + 1)
  if (after !== null) return after
  let before = index - 1
  while (before > index - 4 && (isSign(tokens[before], '-') || /^(?:token|tokens|个|の|的|of)$/.test(tokens[before]?.text ?? ''))) before--
  return sizeOf(tokens[before]) !== null && tokens[before]?.used === false ? before : null
}

function markBetween(tokens: readonly Token[], a: number, b: number): void {
  for (const one of tokens.slice(Math.min(a, b), Math.max(a, b) + 1)) one.used = true
}
