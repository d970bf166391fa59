import { readEvent } from './read-event.ts'
import { type RecordsEnd, readRecords } from './read-records.ts'

const maxRecordBytes = 16 * 2 ** 20
const maxTexts = 20_000
const maxTextLength = 100_000
const maxSteps = 2_000_000
const maxTags = 500
const textSuffix = '/text_summary'

/** The tag under which MaxText writes each step's seconds. */
export const stepTimeTag = 'perf/step_time_seconds'

/** What one TensorBoard event file says of a run. */
export interface EventFile {
  /** Text summaries by their tag, without TensorBoard's `/text_summary`; the last one stands. */
  texts: Map<string, string>
  /** Seconds a step in the order they were written, and when. A step may come twice. */
  steps: { step: number; seconds: number }[]
  /** Tags of scalars that were met, for saying what the file is. */
  scalarTags: Set<string>
  /** Seconds since 1970 of the newest event. */
  newest: number
  end: RecordsEnd & { unreadable: number }
}

/** Reads an event file in one pass; memory is bounded by the texts and the steps, whatever else the file holds. */
export async function readEventFile(chunks: AsyncIterable<Uint8Array>): Promise<EventFile> {
  const file: EventFile = {
    texts: new Map(),
    steps: [],
    scalarTags: new Set(),
    newest: 0,
    end: { truncated: false, skipped: 0, brokenAt: null, unreadable: 0 },
  }
  let unreadable = 0
  const wanted = (tag: string) => {
    if (tag.endsWith(textSuffix) || tag === stepTimeTag) return true
    if (file.scalarTags.size < maxTags && tag.length <= 200) file.scalarTags.add(tag)
    return false
  }
  const end = await readRecords(
    chunks,
    (payload) => {
      try {
        keep(file, readEvent(payload, wanted))
      } catch {
        unreadable++
      }
    },
    maxRecordBytes,
  )
  file.end = { ...end, unreadable }
  return file
}

function keep(file: EventFile, event: ReturnType<typeof readEvent>): void {
  if (Number.isFinite(event.wallTime) && event.wallTime > file.newest) file.newest = event.wallTime
  for (const { tag, text, number } of event.values) {
    if (text !== null && tag.endsWith(textSuffix) && file.texts.size < maxTexts && text.length <= maxTextLength)
      file.texts.set(tag.slice(0, -textSuffix.length), text)
    if (tag === stepTimeTag && number !== null && number > 0 && Number.isFinite(number) && file.steps.length < maxSteps)
      file.steps.push({ step: event.step, seconds: number })
  }
}
