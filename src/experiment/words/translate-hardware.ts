import { chipOfWord, sliceOfMachine } from '../../contract/chip.ts'
import { isData } from './experiment-words.ts'

/**
 * A slice in the contract's words: `trillium`, `v7x-16`, `ct6e-standard-4t`, `v6e:4x4`, or `hardware: v5p-128` become chip and
 * topology. What is not known stays as it is, for the schema to name.
 */
export function translateHardware(given: unknown, notes: string[]): unknown {
  if (typeof given === 'string') {
    const slice = sliceOfWords(null, given)
    return slice === null ? given : said(notes, given, slice)
  }
  if (!isData(given)) return given
  const { chip, topology, ...rest } = given
  const slice = typeof topology === 'string' ? sliceOfWords(typeof chip === 'string' ? chip : null, topology) : null
  if (slice === null) return typeof chip === 'string' ? { ...given, chip: translatedChip(chip, notes) } : given
  if (slice.chip === chip && slice.topology === topology) return given
  if (chip === undefined && slice.topology === topology) notes.push(`hardware.chip ${slice.chip} is read from the slice ${topology}`)
  else said(notes, chip === undefined ? String(topology) : `${String(chip)} ${String(topology)}`, slice)
  return { ...slice, ...rest }
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
  const own = chip === null ? null : chipOfWord(chip)
  if (/^\d+(x\d+)+$/.test(wanted)) return own === null ? null : { chip: own, topology: wanted }
  const [, prefix, size] = /^(.+)-(\d+)$/.exec(wanted) ?? []
  const named = prefix === undefined ? null : chipOfWord(prefix)
  if (named === null) return own === null ? null : { chip: own, topology }
  return { chip: own ?? named, topology: `${named}-${size}` }
}

function translatedChip(word: string, notes: string[]): string {
  const chip = chipOfWord(word)
  if (chip === null || chip === word) return word
  notes.push(`chip ${word} is taken as ${chip}`)
  return chip
}
