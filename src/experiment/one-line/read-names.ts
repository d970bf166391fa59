import { chipOfWord } from '../../contract/chip.ts'
import { PromptsError } from '../../errors.ts'
import { nearest } from '../../text/nearest.ts'
import { sliceOfWords } from '../words/translate-hardware.ts'
import type { LineDraft } from './line-draft.ts'
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
  const chip = chipOfWord(word)
  if (chip === null) return 0
  refuseSecond(draft, chip, draft.topology)
  draft.chip = chip
  return 1
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
    if (!/[a-z]/i.test(given[0]!)) return 0
    const folded = fold(given.join(''))
    const name = modelNames.find((known) => fold(known) === folded) ?? (count === 1 && isModel(given[0]!, catalog) ? given[0]! : null)
    if (name === null) continue
    if (name !== given.join(' ')) draft.notes.push(`${given.join(' ')} is taken as ${name}`)
    draft.model = name
    return count
  }
  return 0
}

/**
 * Refuses a line for what it does not name or names wrongly, with what comes nearest.
 * @throws PromptsError `unknown_topology`, `unknown_model`, `bad_arguments`.
 */
export function refuseUnread(draft: LineDraft, { catalog, modelNames, sliceNames }: Vocabulary, needsSlice: boolean): void {
  const wrongSlice = draft.topology === null ? draft.unread.find((word) => /^[a-z]+\d*[a-z]*[-:]\d+(x\d+)*$/i.test(word)) : undefined
  const likeModel = draft.model === null && wrongSlice !== undefined && nearest(wrongSlice, modelNames, 1).length > 0
  if (wrongSlice !== undefined && !(likeModel && nearest(wrongSlice, sliceNames, 1).length === 0)) {
    const near = nearest(wrongSlice.replace(':', '-'), sliceNames, 3)
    throw new PromptsError('unknown_topology', `There is no slice named "${clip(wrongSlice)}".`, {
      hint: near.length > 0 ? `Nearest: ${near.join(', ')}. A shape such as v6e:4x4 works too.` : 'For example v5p-128, or v6e:4x4.',
      choices: near.map((value) => ({ label: value, value })),
    })
  }
  if (draft.model === null) {
    const meant = [...draft.unread].sort((a, b) => likeness(b) - likeness(a))[0]
    if (meant !== undefined) catalog.resolveModel(meant)
    refuse('names no model', `For example "llama3-70b on v6e-256, seq 8192, batch 512".`)
  }
  if (draft.unread.length > 0) {
    const listed = draft.unread.map((word) => `"${clip(word)}"`).join(', ')
    refuse(
      `has words that are not understood: ${listed}`,
      'Settings are written as "seq 8192", "batch 512", "fp8", "remat full", "4k in 1k out", "200 requests in flight", "tpot 40 ms", "vllm".',
    )
  }
  if (needsSlice && (draft.chip === null || (draft.topology === null && draft.chips === null)))
    refuse(
      draft.chip === null ? 'names no slice' : `names no size of the ${draft.chip} slice`,
      `Add one: "on ${draft.chip ?? 'v6e'}-256", or "on v6e:4x4".`,
    )
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

/** @throws PromptsError `bad_arguments` */
export function refuse(what: string, hint: string): never {
  throw new PromptsError('bad_arguments', `The line ${what}.`, { hint })
}
