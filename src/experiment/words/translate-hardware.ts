import { chipOfWord, sliceOfMachine } from '../../contract/chip.ts'
import { PromptsError } from '../../errors.ts'
import { type Data, experimentWords, isData } from './experiment-words.ts'

/**
 * A slice in the contract's words: `trillium`, `v7x-16`, `ct6e-standard-4t`, `v6e:4x4`, or `hardware: v5p-128` become chip and
 * topology. What is not known stays as it is, for the schema to name.
 */
export function translateHardware(given: unknown, notes: string[]): unknown {
  if (typeof given === 'string') {
    const slice = sliceOfText(given)
    if (slice !== null) return said(notes, given, slice)
    throw new PromptsError('bad_experiment', `hardware is "${given.slice(0, 100)}": no slice of a known chip`, {
      hint: 'Write a slice name (v5p-128), chip and shape (v6e:4x4), or {chip, topology}.',
    })
  }
  if (!isData(given)) return given
  const { chip, topology, ...rest } = inOurKeys(given, notes)
  const slice = typeof topology === 'string' ? sliceOfWords(typeof chip === 'string' ? chip : null, topology) : null
  if (slice === null)
    return { ...rest, ...(topology === undefined ? {} : { topology }), chip: typeof chip === 'string' ? translatedChip(chip, notes) : chip }
  if (slice.chip === chip && slice.topology === topology) return { chip, topology, ...rest }
  if (chip === undefined && slice.topology === topology) notes.push(`hardware.chip ${slice.chip} is read from the slice ${topology}`)
  else said(notes, chip === undefined ? String(topology) : `${String(chip)} ${String(topology)}`, slice)
  return { ...slice, ...rest }
}

/** Other names of the keys; a number of chips or cores is the slice of that name. */
function inOurKeys(given: Data, notes: string[]): Data {
  const out: Data = { ...given }
  for (const [word, key] of Object.entries(experimentWords.hardware)) {
    if (out[word] === undefined || out[key] !== undefined) continue
    out[key] = out[word]
    delete out[word]
    notes.push(`hardware.${word} is ${key} here`)
  }
  const { chip, topology } = out
  const named = typeof chip === 'string' ? chipOfWord(plainWord(chip)) : null
  if (typeof topology === 'number' && named !== null) out.topology = `${named}-${topology}`
  return out
}

/** `TPU v5e 4x4`, `v6e 16`: a slice in one text. */
function sliceOfText(text: string): SliceWords | null {
  const [first, second, third] = plainWord(text).split(/\s+/)
  if (third !== undefined) return null
  if (second === undefined) return sliceOfWords(null, first!)
  const chip = chipOfWord(first!)
  return chip === null ? null : sliceOfWords(chip, /^\d+$/.test(second) ? `${chip}-${second}` : second)
}

/** Without the word TPU before it. */
function plainWord(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/^(google )?(cloud )?tpu[- ](?=\S)/, '')
}

interface SliceWords {
  chip: string
  topology: string
}

function said(notes: string[], given: string, slice: SliceWords): SliceWords {
  notes.push(`${given} is taken as chip ${slice.chip}, topology ${slice.topology}`)
  return slice
}

/** A chip and a topology from two words or one; null where they say no chip. */
export function sliceOfWords(chip: string | null, topology: string): SliceWords | null {
  const wanted = topology.trim().toLowerCase()
  const machine = sliceOfMachine(wanted)
  if (machine) return machine
  const [before, after] = wanted.split(':')
  if (after !== undefined) {
    const named = chipOfWord(before!)
    return named === null ? null : { chip: named, topology: after }
  }
  const own = chip === null ? null : chipOfWord(plainWord(chip))
  if (/^\d+(x\d+)+$/.test(wanted)) return own === null ? null : { chip: own, topology: wanted }
  const [, prefix, size] = /^(.+)-(\d+)$/.exec(wanted) ?? []
  const named = prefix === undefined ? null : chipOfWord(prefix)
  if (named === null) return own === null ? null : { chip: own, topology }
  return { chip: own ?? named, topology: `${named}-${size}` }
}

function translatedChip(word: string, notes: string[]): string {
  const chip = chipOfWord(plainWord(word))
  if (chip === null || chip === word) return word
  notes.push(`chip ${word} is taken as ${chip}`)
  return chip
}
