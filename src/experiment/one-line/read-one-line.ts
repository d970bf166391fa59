import { stringify } from 'yaml'
import type { ChipName } from '../../contract/chip.ts'
import { PromptsError } from '../../errors.ts'
import { type FilledLine, fillDraft } from './fill-draft.ts'
import { emptyDraft, type LineDraft, overDraft } from './line-draft.ts'
import { lineTokens, maxLineLength } from './line-tokens.ts'
import { lineWords } from './line-words.ts'
import { readModel, readSlice, refuseUnread } from './read-names.ts'
import { readSetting } from './read-setting.ts'
import { refuse } from './refuse.ts'
import type { Vocabulary } from './vocabulary.ts'

/** A job that was said in one line: the experiment, all that was assumed for it, and the file that it amounts to. */
export interface OneLine extends FilledLine {
  /** YAML that reads back as the same experiment. */
  file: string
  /** The share of paid time in which the job makes progress, where the line says one. */
  goodput: number | null
}

/** Whether a subject is written as a line about a job, and not as an id or a path. */
export function isOneLine(subject: string): boolean {
  return !/\p{Cc}/u.test(subject) && /\S[\s,]+\S/.test(subject) && !/\.(ya?ml|jsonl?|pb|gz)$/i.test(subject.trim())
}

/**
 * Reads `qwen3-235b-a22b on v6e-256, seq 8192, batch 512` as an experiment, and what later lines say instead. Pure: the same
 * lines and vocabulary give the same experiment.
 * @throws PromptsError `unknown_model` and `unknown_topology` with the nearest names, `bad_arguments` naming every word that is
 *   not understood.
 */
export function readOneLine(line: string, vocabulary: Vocabulary, changes: readonly string[] = []): OneLine {
  const draft = draftOfLines([line, ...changes], vocabulary)
  refuseUnread(changes.at(-1) ?? line, draft, vocabulary, true)
  if (Object.values(draft.budget).some((value) => value !== null))
    draft.notes.push('what it may cost and how long it may take does not change the plan of a slice: it is left out')
  const filled = fillDraft(draft, sliceOf(draft, vocabulary), vocabulary.catalog)
  return { ...filled, file: stringify(filled.experiment), goodput: draft.goodput }
}

/** What lines say together, a later one instead of those before. @throws PromptsError `too_large`. */
export function draftOfLines(lines: readonly string[], vocabulary: Vocabulary): LineDraft {
  return lines.map((line) => draftOfLine(line, vocabulary)).reduce((before, said) => overDraft(before, said))
}

/** What a line says, and the words that say nothing to us. @throws PromptsError `too_large`. */
export function draftOfLine(line: string, vocabulary: Vocabulary): LineDraft {
  if (line.length > maxLineLength)
    throw new PromptsError('too_large', `The line is longer than ${maxLineLength} characters`, { hint: 'Write an experiment.yaml.' })
  const words = lineTokens(line)
  const draft = emptyDraft()
  for (let at = 0; at < words.length; ) {
    const taken = readSetting(words, at, draft) || readSlice(words, at, draft) || readModel(words, at, draft, vocabulary)
    if (taken === 0 && !lineWords.fillers.has(words[at]!.toLowerCase())) draft.unread.push(words[at]!)
    at += Math.max(1, taken)
  }
  return draft
}

function sliceOf({ chip, topology, chips }: LineDraft, { catalog, slicesOfDevices, sliceNames }: Vocabulary) {
  const name = chip as ChipName
  if (topology !== null) return { chip: name, topology, devices: catalog.findSlice(name, topology).devices }
  const devices = chips! * catalog.findChip(name).devices_per_chip
  const [named] = slicesOfDevices(devices, name)
  if (named === undefined) {
    const known = sliceNames.filter((slice) => slice.startsWith(`${name}-`)).slice(0, 12)
    refuse(
      `asks for ${chips} chips of ${name}, and no slice has so many`,
      `Slices: ${known.join(', ')}. A shape such as "${name}:4x4" works too.`,
    )
  }
  return { chip: name, topology: named.name, devices }
}
