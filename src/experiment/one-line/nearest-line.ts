import { chipWords } from '../../contract/chip.ts'
import { frameworkSchema, optimizerSchema, phaseSchema } from '../../contract/experiment.ts'
import { axes } from '../../contract/mesh.ts'
import { nearest } from '../../text/nearest.ts'
import { experimentWords } from '../words/experiment-words.ts'
import { lineWords } from './line-words.ts'

const shortest = 4
const known: readonly string[] = [
  ...[lineWords.counts, lineWords.types, lineWords.choices, lineWords.frameworks, lineWords.objectives, lineWords.phases, lineWords.days],
  ...[experimentWords.axes, experimentWords.values.phase, experimentWords.values.dtype, lineWords.flags],
].flatMap((words) => Object.keys(words))
const settingWords = [
  ...new Set([
    ...known.filter((word) => !word.startsWith('--')),
    ...[...lineWords.fillers, ...lineWords.units],
    ...['remat', 'tpot', 'ttft', 'in flight', 'dollars', 'fp8', 'bf16', 'int8'],
    ...[...phaseSchema.options, ...frameworkSchema.options, ...optimizerSchema.options, ...chipWords, ...axes],
  ]),
].filter((word) => word.length >= shortest)

/** The word of a line that a misspelt one is most likely meant to be; null where none is near. */
export function nearestWord(word: string): string | null {
  if (word.length < shortest || /\d/.test(word)) return null
  const [near] = nearest(word.toLowerCase(), settingWords, 1)
  if (near === undefined) return null
  // one word in another is no likeness of spelling
  return Math.abs(near.length - word.length) <= 2 ? near : null
}

/** The line with every misspelt word that has a near one replaced; null where nothing could be. */
export function nearestLine(line: string, unread: readonly string[]): string | null {
  let mended = line
  for (const word of unread) {
    const near = nearestWord(word)
    if (near !== null) mended = mended.replace(new RegExp(`(?<![\\w-])${literal(word)}(?![\\w-])`, 'i'), near)
  }
  return mended === line ? null : mended
}

function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
}
