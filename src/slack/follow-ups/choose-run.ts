import type { Reading } from '../../thread/reading.ts'
import type { RunRecord } from '../runs/run-records.ts'
import type { SlackServices } from '../services.ts'

/** Which run of a thread a message is about: one, or those between which its writer has to choose. */
export type Chosen = { run: string; between: null } | { run: null; between: RunRecord[] }

/**
 * Of several runs in a thread: the one that the message names; where cards are named or something is to be recorded, and several
 * runs have cards, nobody but its writer knows; else the newest that has an answer, else the newest.
 */
export async function chooseRun(
  { records, deps }: SlackServices,
  input: { runs: readonly string[]; text: string; reading: Reading },
): Promise<Chosen> {
  const newestFirst = input.runs.toReversed()
  const found = await Promise.all(
    newestFirst.map(async (run) => ({ run, record: await records.get(run), diagnosis: await deps.memory.diagnosis(run) })),
  )
  const text = input.text.toLowerCase()
  const named = found.find(({ record }) => record !== null && text.includes(record.title.toLowerCase()))
  if (named !== undefined) return { run: named.run, between: null }
  const answered = found.filter(({ diagnosis }) => diagnosis !== null && diagnosis.cards.length > 0)
  const titles = new Map(answered.map(({ record, run }) => [record?.title ?? run, { record, run }]))
  if (titles.size > 1 && needsRun(input.reading)) {
    const between = [...titles.values()].map(({ record }) => record).filter((record) => record !== null)
    if (between.length > 1) return { run: null, between }
  }
  const chosen = answered[0] ?? found.find(({ diagnosis }) => diagnosis !== null) ?? found[0]
  return { run: chosen?.run ?? '', between: null }
}

const recording = new Set(['outcome', 'outcome_confirm', 'oom', 'adopt', 'undo'])

function needsRun({ intent, value }: Reading): boolean {
  return recording.has(intent) || (value.cards ?? []).length > 0
}
