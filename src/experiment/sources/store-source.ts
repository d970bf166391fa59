import { experimentIdSchema, experimentSchema } from '../../contract/experiment.ts'
import { PromptsError } from '../../errors.ts'
import { maxExperimentBytes, readExperiment, readExperimentData } from '../parse-experiment.ts'
import { maxTextDraft } from '../run-folder/maxtext-draft.ts'
import { readRunRecord } from '../run-folder/read-run-record.ts'
import { type RunContents, runContents } from '../run-folder/run-contents.ts'
import type { RunDraft } from '../run-folder/run-draft.ts'
import { isMaxText, type RunRecord } from '../run-folder/run-record.ts'
import { findBenchmark } from '../serving/find-benchmark.ts'
import { servingDraft } from '../serving/serving-draft.ts'
import { devicesOfSlice } from '../words/devices-of-slice.ts'
import { translateWords } from '../words/translate-words.ts'
import type { ExperimentSource, FoundRun } from './experiment-source.ts'
import { sliceOfManifests } from './jobset/slice-of-manifests.ts'
import { listRuns } from './list-runs.ts'
import { namedProfile } from './named-profile.ts'
import type { RunIndex } from './run-index.ts'
import { sessionProfile } from './session-profile.ts'
import { type FileStore, readStoredText } from './stores/file-store.ts'

export interface StoreSourceOptions {
  store: FileStore
  cacheRoot: string
  /** Remembers what runs are, so that listing thousands is fast; null: nothing is remembered. */
  index: RunIndex | null
}

/**
 * Runs in a folder or bucket, each in a folder of its own name: what its trainer wrote there (MaxText's TensorBoard events and
 * profile), an `experiment.yaml`, or both, and then the file stands over the trainer's word.
 */
export function storeSource({ store, cacheRoot, index }: StoreSourceOptions): ExperimentSource {
  return {
    name: store.name,
    find: async (id, signal) =>
      experimentIdSchema.safeParse(id).success ? findInStore(store, { folder: id, id, cacheRoot }, signal) : null,
    list: (limit, signal) => listRuns({ store, index, limit, signal }),
  }
}

/** The run in one folder of a store, under the id that it is to have; null where the folder holds nothing of a run. */
export async function findInStore(
  store: FileStore,
  { folder, id, cacheRoot }: { folder: string; id: string; cacheRoot: string },
  signal: AbortSignal,
): Promise<FoundRun | null> {
  const contents = await runContents(store, folder, signal)
  const hasRecords = contents.events.length > 0 || contents.metrics.length > 0 || contents.config !== null
  const served = contents.yaml === null && !hasRecords ? await findBenchmark(store, contents, signal) : null
  if (contents.yaml === null && !hasRecords && served === null && contents.sessions.length === 0) return null
  const found: FoundRun = {
    id,
    origin: `${store.name.split(' ')[0]} ${store.addressOf(folder)}`,
    experiment: null,
    draft: null,
    slice: null,
    profile: null,
    links: [],
    notes: [],
  }
  const written = contents.yaml === null ? null : await readWritten(store, contents.yaml, { id, hasRecords }, signal)
  if (written !== null && 'experiment' in written) {
    found.experiment = written.experiment
    found.notes.push(...written.notes)
    if (written.experiment.profile !== undefined)
      found.profile = await namedProfile(written.experiment.profile, { store, folder, cacheRoot }, signal)
  }
  if (found.experiment?.profile === undefined) {
    const newest = sessionProfile(store, contents.sessions, cacheRoot)
    found.profile = newest?.profile ?? null
    if (newest?.note) found.notes.push(newest.note)
  }
  if (found.experiment === null && hasRecords) {
    const overlay = written !== null && 'data' in written ? written.data : null
    found.draft = (inner) => draftOf(store, contents, { id, found, overlay }, inner)
  }
  if (found.experiment === null) found.slice = await sliceOfManifests(store, contents.manifests, signal)
  if (served !== null) {
    found.notes.push(`${served.name} was read${served.others > 0 ? `; ${served.others} older results are there too` : ''}`)
    found.draft = async (_, { knowsModel }) => servingDraft(served.benchmark, served.engine, id, knowsModel)
  }
  return found
}

/** An experiment file that is whole, or its keys where the trainer's records can fill in the rest. */
async function readWritten(
  store: FileStore,
  file: { path: string; bytes: number },
  { id, hasRecords }: { id: string; hasRecords: boolean },
  signal: AbortSignal,
): Promise<{ experiment: NonNullable<FoundRun['experiment']>; notes: string[] } | { data: Record<string, unknown> }> {
  const what = `${id}/experiment.yaml`
  if (file.bytes > maxExperimentBytes)
    throw new PromptsError('too_large', `${what} has ${file.bytes} bytes`, { hint: `At most ${maxExperimentBytes} are read.` })
  const text = await readStoredText(store, file.path, maxExperimentBytes, signal)
  if (!hasRecords) return readExperiment(text, what)
  const { data, notes } = translateWords(readExperimentData(text, what), devicesOfSlice)
  const whole = experimentSchema.safeParse(data)
  if (whole.success) return { experiment: whole.data, notes }
  return { data: typeof data === 'object' && data !== null && !Array.isArray(data) ? (data as Record<string, unknown>) : {} }
}

async function draftOf(
  store: FileStore,
  contents: RunContents,
  { id, found, overlay }: { id: string; found: FoundRun; overlay: Record<string, unknown> | null },
  signal: AbortSignal,
): Promise<RunDraft | null> {
  const record = await readRunRecord(store, contents, signal)
  if (isMaxText(record.settings)) return maxTextDraft(record, id, overlay)
  found.notes.push(whatItIs(record))
  return null
}

/** Events of another program: what was recognised. */
function whatItIs({ settings, tags }: RunRecord): string {
  const names = [...settings.keys(), ...tags].slice(0, 4)
  if (names.length === 0) return 'its TensorBoard events hold nothing yet'
  return `its TensorBoard events are not MaxText's (they hold ${names.join(', ')}): what ran is not read from them`
}
