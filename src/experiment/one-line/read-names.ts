import { chipOfWord } from '../../contract/chip.ts'
import { PromptsError } from '../../errors.ts'
import { nearest } from '../../text/nearest.ts'
import { sliceOfWords } from '../words/translate-hardware.ts'
import type { LineDraft } from './line-draft.ts'
import { numberOf } from './line-tokens.ts'
import { lineWords } from './line-words.ts'
import { nearestLine, nearestWord } from './nearest-line.ts'
import { typeOf } from './read-type.ts'
import { refuse } from './refuse.ts'
import type { Vocabulary } from './vocabulary.ts'

const longestName = 4

/** Reads a slice, a chip or a shape that starts at a word. @returns how many words it took. */
export function readSlice(words: readonly string[], at: number, draft: LineDraft): number {
  const word = words[at]!.toLowerCase()
  const slice = sliceOfWords(null, word)
  if (slice !== null) {
    refuseSecond(draft, slice.chip, slice.topology)
    draft.chip = slice.chip
    draft.topology = slice.topology
    return 1
  }
  if (/^\d+(x\d+)+$/.test(word)) {
    refuseSecond(draft, draft.chip, word)
    draft.topology = word
    return 1
  }
  const count = numberOf(word)
  const named = count === null ? word : words[at + 1]?.toLowerCase()
  const chip = named === undefined ? null : chipOfWord(named)
  if (chip === null) return 0
  refuseSecond(draft, chip, draft.topology)
  draft.chip = chip
  // "256 v6e" and "256 v6e chips" are so many chips
  if (count !== null) draft.chips = count
  return count === null ? 1 : 2
}

function refuseSecond(draft: LineDraft, chip: string | null, topology: string | null): void {
  const same = (before: string | null, now: string | null) => before === null || before === now
  if (same(draft.chip, chip) && same(draft.topology, topology)) return
  const named = [draft.topology ?? draft.chip, topology === draft.topology ? chip : topology]
  refuse(`names two slices: ${named.join(' and ')}`, 'A plan is of one slice; `prompts size` compares them.')
}

/** Reads a model's name that starts at a word, of up to four words ("llama 3 70b"). @returns how many words it took. */
export function readModel(words: readonly string[], at: number, draft: LineDraft, { catalog, modelNames }: Vocabulary): number {
  if (draft.model !== null) return 0
  for (let count = Math.min(longestName, words.length - at); count >= 1; count--) {
    const given = words.slice(at, at + count)
    // "qwen3-32b fp8" is a model and a type
    if (given.slice(1).some((word) => typeOf(word.toLowerCase()) !== null)) continue
    if (!/[a-z]/i.test(given[0]!)) return 0
    const folded = fold(given.join(''))
    const dashed = given.join('-')
    const name = modelNames.find((known) => fold(known) === folded) ?? (isModel(dashed, catalog) ? dashed : null)
    if (name === null) continue
    if (name !== given.join(' ')) draft.notes.push(`${given.join(' ')} is taken as ${name}`)
    draft.model = name
    readTypeOfName(name, draft)
    let taken = count
    while (lineWords.model_endings.has(words[at + taken]?.toLowerCase() ?? '')) taken++
    return taken
  }
  return 0
}

/**
 * Refuses a line for what it does not name or names wrongly, with what comes nearest.
 * @throws PromptsError `unknown_topology`, `unknown_model`, `bad_arguments`.
 */
export function refuseUnread(line: string, draft: LineDraft, vocabulary: Vocabulary, needsSlice: boolean): void {
  refuseWrongSlice(draft, vocabulary)
  if (draft.model === null) {
    const meant = draft.unread.filter((word) => nearestWord(word) === null).sort((a, b) => likeness(b) - likeness(a))[0]
    if (meant !== undefined) vocabulary.catalog.resolveModel(meant)
    refuse('names no model', `For example "llama3-70b on v6e-256, seq 8192, batch 512".`)
  }
  if (draft.unread.length > 0) refuseWords(line, draft.unread)
  if (needsSlice && (draft.chip === null || (draft.topology === null && draft.chips === null)))
    refuse(
      draft.chip === null ? 'names no slice' : `names no size of the ${draft.chip} slice`,
      `Add one: "on ${draft.chip ?? 'v6e'}-256", or "on v6e:4x4".`,
    )
}

function refuseWrongSlice(draft: LineDraft, { modelNames, sliceNames }: Vocabulary): void {
  const wrongSlice = draft.topology === null ? draft.unread.find((word) => /^[a-z]+\d*[a-z]*[-:]\d+(x\d+)*$/i.test(word)) : undefined
  if (wrongSlice === undefined) return
  const near = nearest(wrongSlice.replace(':', '-'), sliceNames, 3)
  if (draft.model === null && near.length === 0 && nearest(wrongSlice, modelNames, 1).length > 0) return
  throw new PromptsError('unknown_topology', `There is no slice named "${clip(wrongSlice)}".`, {
    hint: near.length > 0 ? `Nearest: ${near.join(', ')}. A shape such as v6e:4x4 works too.` : 'For example v5p-128, or v6e:4x4.',
    choices: near.map((value) => ({ label: value, value })),
  })
}

/** @throws PromptsError `bad_arguments` naming the words, with the line that is most likely meant. */
function refuseWords(line: string, unread: readonly string[]): never {
  const [first, second] = unread
  if (second !== undefined && lineWords.counts[first!.toLowerCase()] !== undefined)
    refuse(`says "${clip(first!)} ${clip(second)}", and "${clip(second)}" is no number above 0`, `For example "${first} 512".`)
  const listed = unread.map((word) => `"${clip(word)}"`).join(', ')
  const mended = nearestLine(line, unread)
  const usual =
    'Settings are written as "seq 8192", "batch 512", "fp8", "remat full", "4k in 1k out", "200 requests in flight", "tpot 40 ms", "vllm".'
  refuse(
    `has words that are not understood: ${listed}`,
    mended === null ? usual : `Did you mean "${mended}"? ${usual}`,
    mended === null ? undefined : [mended],
  )
}

/** A tuned variant's name says what its weights are stored as: `Qwen3-32B-FP8`. */
function readTypeOfName(name: string, draft: LineDraft): void {
  const type = name
    .toLowerCase()
    .split(/[-_/]/)
    .map((part) => typeOf(part) ?? lineWords.choices[part]?.[1] ?? null)
    .find((found) => found !== null)
  if (type === undefined || type === null || draft.run.weight_dtype !== undefined) return
  draft.run.weight_dtype = type
  draft.notes.push(`the weights of ${name} are ${type}, by its name`)
}

function likeness(word: string): number {
  return (/\d+b\b/i.test(word) ? 2 : 0) + (/[a-z].*\d/i.test(word) ? 1 : 0)
}

function isModel(word: string, catalog: Vocabulary['catalog']): boolean {
  try {
    catalog.resolveModel(word)
    return true
  } catch {
    return false
  }
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll(/[-_. ]/g, '')
}

function clip(word: string): string {
  return word.slice(0, 60)
}
