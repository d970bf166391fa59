import { type ChipName, chipOfDeviceType } from '../../contract/chip.ts'
import { experimentSchema } from '../../contract/experiment.ts'
import { PromptsError } from '../../errors.ts'
import { readDeviceType } from '../../profile/read-device-type.ts'
import { splitSlice } from '../find/slice-of-run.ts'
import { maxExperimentBytes, readExperimentData } from '../parse-experiment.ts'
import { maxTextSchedule } from '../run-folder/maxtext-schedule.ts'
import { readRunRecord } from '../run-folder/read-run-record.ts'
import { type RunContents, runContents } from '../run-folder/run-contents.ts'
import { isMaxText } from '../run-folder/run-record.ts'
import { steadySteps } from '../run-folder/steady-steps.ts'
import { findBenchmark } from '../serving/find-benchmark.ts'
import { emptyEntry, type RunEntry } from './experiment-source.ts'
import { type FileStore, readStoredText } from './stores/file-store.ts'

/** Of an event file so much is read for a list: all settings, and the first hundred steps or so. */
const headBytes = 384 * 1024

/** What a list says of one run of a store; null for a folder that holds nothing of a run. */
export async function lookAtRun(store: FileStore, id: string, signal: AbortSignal): Promise<RunEntry | null> {
  const contents = await runContents(store, id, signal)
  const hasRecords = contents.events.length > 0 || contents.metrics.length > 0
  const served = contents.yaml === null && !hasRecords ? await findBenchmark(store, contents, signal) : null
  if (contents.yaml === null && !hasRecords && served === null && contents.sessions.length === 0) return null
  const entry: RunEntry = { id, ...emptyEntry, has_profile: contents.sessions.length > 0, at: newestOf(contents) }
  if (hasRecords) await fromRecords(store, contents, entry, signal)
  if (served !== null) Object.assign(entry, { phase: 'decode', model: served.benchmark.model, step_time_ms: served.benchmark.tpotMs })
  if (contents.yaml !== null) await fromFile(store, contents.yaml.path, entry, signal)
  if (entry.chip === null) entry.chip = await chipOfProfile(store, contents, signal)
  return entry
}

function newestOf(contents: RunContents): string | null {
  const times = [contents.yaml, ...contents.events, ...contents.metrics, ...contents.benchmarks, ...contents.sessions].map(
    (one) => one?.changedMs ?? 0,
  )
  const newest = times.reduce((a, b) => Math.max(a, b), 0)
  return newest > 0 ? new Date(newest).toISOString() : null
}

async function fromRecords(store: FileStore, contents: RunContents, entry: RunEntry, signal: AbortSignal): Promise<void> {
  const newestOnly = { ...contents, events: contents.events.slice(-1), metrics: contents.metrics.slice(-1) }
  const record = await readRunRecord(store, newestOnly, signal, headBytes)
  if (!isMaxText(record.settings)) return
  const slice = record.settings.get('compile_topology') ?? ''
  const { chip, topology } = splitSlice(slice)
  entry.phase = 'train'
  entry.model = record.settings.get('model_name') ?? null
  if (chip !== null) Object.assign(entry, { chip, topology })
  entry.step_time_ms = steadySteps(record.segments, maxTextSchedule(record.settings)).medianMs
}

/** The chip that a profile on this machine names; one in a bucket is not fetched for a list. */
async function chipOfProfile(store: FileStore, { sessions }: RunContents, signal: AbortSignal): Promise<ChipName | null> {
  const path = sessions.at(-1)?.files[0]?.path
  const local = path === undefined ? null : store.localPath(path)
  if (local === null) return null
  try {
    const type = await readDeviceType(local, signal)
    return type === null ? null : chipOfDeviceType(type)
  } catch {
    signal.throwIfAborted()
    return null
  }
}

/** An experiment file that cannot be read does not keep the others from being listed. */
async function fromFile(store: FileStore, path: string, entry: RunEntry, signal: AbortSignal): Promise<void> {
  try {
    const data = readExperimentData(await readStoredText(store, path, maxExperimentBytes, signal), path)
    const parsed = experimentSchema.safeParse(data)
    if (!parsed.success) return
    const { hardware, model, phase, measured, profile } = parsed.data
    entry.chip = hardware.chip
    entry.topology = hardware.topology
    entry.model = typeof model === 'string' ? model : (model.name ?? null)
    entry.phase = phase
    entry.step_time_ms = measured?.step_time_ms ?? entry.step_time_ms
    entry.has_profile ||= profile !== undefined
  } catch (error) {
    if (!(error instanceof PromptsError) && !(error instanceof RangeError)) throw error
  }
}
