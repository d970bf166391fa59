import type { LineReading } from '../../contract/line-job.ts'
import { maxLineLength } from './line-tokens.ts'
import { draftOfLine } from './read-one-line.ts'
import type { Vocabulary } from './vocabulary.ts'

/** What a text says of a job, without an answer to it. Never throws. */
export function readOfLine(text: string, vocabulary: Vocabulary): LineReading {
  const nothing = { job: false, place: false, change: false }
  if (text.length > maxLineLength || text.trim() === '') return nothing
  try {
    const {
      model,
      chip,
      topology,
      chips,
      unread,
      notes: _notes,
      slices,
      phase,
      framework,
      objective,
      dtype,
      ...rest
    } = draftOfLine(text, vocabulary)
    const place = topology !== null || (chip !== null && chips !== null)
    const named = [model, chip, topology, chips, slices, phase, framework, objective, dtype, rest.batchTokens, rest.goodput]
    const counted = [rest.run, rest.flags, rest.mesh, rest.slo].some((values) => Object.keys(values).length > 0)
    const limited = [rest.load, rest.budget].some((values) => Object.values(values).some((value) => value !== null))
    const says = counted || limited || named.some((value) => value !== null)
    return { job: model !== null, place, change: says && unread.length === 0 }
  } catch {
    return nothing
  }
}
