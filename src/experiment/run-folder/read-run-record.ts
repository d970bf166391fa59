import { parseDocument } from 'yaml'
import { type EventFile, readEventFile, stepTimeTag } from '../events/read-event-file.ts'
import { changeText, diffSettings, isAside, type SettingChange } from '../settings/diff-settings.ts'
import { type FileStore, readStoredText, type StoredFile } from '../sources/stores/file-store.ts'
import type { RunContents } from './run-contents.ts'
import { isMaxText, type RunRecord, sameSteps } from './run-record.ts'
import type { StepSegment } from './steady-steps.ts'

const maxEventFiles = 200
const maxEventBytes = 2 ** 30
const maxConfigBytes = 2 ** 20
const mostChanges = 8
const maxMetricsBytes = 64 * 2 ** 20

/**
 * Reads what a trainer left in a run's folder: the settings of its last start, and the steps it took with them. Event files of a
 * run that still goes on, or that broke off, are read as far as they go. `head` reads only so many bytes of each file: the
 * settings stand first.
 */
export async function readRunRecord(store: FileStore, contents: RunContents, signal: AbortSignal, head?: number): Promise<RunRecord> {
  const record: RunRecord = { settings: new Map(), segments: [], newestMs: 0, tags: [], notes: [] }
  const files = affordable(contents.events, head, record.notes)
  const read: EventFile[] = []
  for (const file of files) {
    signal.throwIfAborted()
    read.push(await readEventFile(await store.read(file.path, signal, head)))
    if (head === undefined) noteDamage(read.at(-1)!, file, record.notes)
  }
  gather(read, record)
  if (record.settings.size === 0 && contents.config !== null) record.settings = await settingsOfYaml(store, contents.config, signal)
  if (record.segments.length === 0 && contents.metrics.length > 0) await addMetrics(store, contents.metrics, record, signal)
  return record
}

/** The newest files, as many as the bounds allow. */
function affordable(events: readonly StoredFile[], head: number | undefined, notes: string[]): StoredFile[] {
  const chosen: StoredFile[] = []
  let bytes = 0
  for (const file of events.toReversed()) {
    bytes += Math.min(file.bytes, head ?? file.bytes)
    if (chosen.length >= maxEventFiles || (bytes > maxEventBytes && chosen.length > 0)) {
      notes.push(`of ${events.length} event files the newest ${chosen.length} were read`)
      break
    }
    chosen.push(file)
  }
  return chosen.reverse()
}

/** Settings of the last start that wrote any, and the steps of every start with the same ones. */
function gather(read: readonly EventFile[], record: RunRecord): void {
  const last = read.findLast((file) => isMaxText(file.texts)) ?? read.findLast((file) => file.texts.size > 0)
  if (last) record.settings = new Map([...last.texts])
  let others = 0
  let changes: SettingChange[] = []
  let current: EventFile['texts'] = new Map()
  for (const file of read) {
    if (file.texts.size > 0) current = file.texts
    record.newestMs = Math.max(record.newestMs, file.newest * 1000)
    for (const tag of file.scalarTags) if (record.tags.length < 50 && !record.tags.includes(tag)) record.tags.push(tag)
    if (file.steps.length === 0) continue
    if (current.size === 0 || sameSteps(current, record.settings)) record.segments.push(...startsOf(file.steps))
    else {
      others += file.steps.length
      changes = diffSettings(current, record.settings).filter((change) => !isAside(change))
    }
  }
  if (others > 0)
    record.notes.push(`${others} steps were taken with other settings, before the last start: not counted${whatChanged(changes)}`)
  if (record.segments.length > 1) record.notes.push(`the run was started ${record.segments.length} times`)
}

/** The settings that made the last steps others, as far as a note holds them. */
function whatChanged(changes: readonly SettingChange[]): string {
  if (changes.length === 0) return ''
  const more = changes.length > mostChanges ? `, and ${changes.length - mostChanges} more` : ''
  return ` (${changes.slice(0, mostChanges).map(changeText).join(', ')}${more})`
}

/** A file holds one start's steps; where its numbers fall back, a new one began. */
function startsOf(steps: readonly { step: number; seconds: number }[]): StepSegment[] {
  const starts: { step: number; seconds: number }[][] = []
  let before = Number.POSITIVE_INFINITY
  for (const one of steps) {
    if (one.step <= before) starts.push([])
    starts.at(-1)!.push(one)
    before = one.step
  }
  return starts
}

function noteDamage({ end }: EventFile, file: StoredFile, notes: string[]): void {
  const name = file.path.slice(file.path.lastIndexOf('/') + 1)
  if (end.brokenAt !== null) notes.push(`${name} is damaged at byte ${end.brokenAt}: read up to there`)
  const lost = end.skipped + end.unreadable
  if (lost > 0) notes.push(`${name}: ${lost} records could not be read and were passed over`)
}

/** `config.yml`: a flat list of settings. One that is not is no settings. */
async function settingsOfYaml(store: FileStore, file: StoredFile, signal: AbortSignal): Promise<Map<string, string>> {
  const settings = new Map<string, string>()
  try {
    const document = parseDocument(await readStoredText(store, file.path, maxConfigBytes, signal), {
      maxAliasCount: 0,
      logLevel: 'silent',
    } as never)
    const data: unknown = document.toJS({ maxAliasCount: 0 })
    if (typeof data !== 'object' || data === null) return settings
    for (const [key, value] of Object.entries(data)) settings.set(key, settingText(value))
  } catch {
    signal.throwIfAborted()
  }
  return settings
}

/** A value as MaxText prints it. */
function settingText(value: unknown): string {
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return typeof value === 'object' ? JSON.stringify(value).replaceAll('"', "'") : String(value)
}

/** MaxText's metrics files: `{"step": 12, "perf/step_time_seconds": 1.2, …}` a line. */
async function addMetrics(store: FileStore, files: readonly StoredFile[], record: RunRecord, signal: AbortSignal): Promise<void> {
  const steps: { step: number; seconds: number }[] = []
  for (const file of files) {
    let text: string
    try {
      text = await readStoredText(store, file.path, maxMetricsBytes, signal)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      record.notes.push(`${error.message}: not read`)
      continue
    }
    for (const line of text.split('\n')) {
      const one = stepOfLine(line)
      if (one) steps.push(one)
    }
    record.newestMs = Math.max(record.newestMs, file.changedMs)
  }
  record.segments.push(...startsOf(steps))
}

function stepOfLine(line: string): { step: number; seconds: number } | null {
  if (!line.includes(stepTimeTag)) return null
  try {
    const data = JSON.parse(line) as Record<string, unknown>
    const [step, seconds] = [Number(data['step']), Number(data[stepTimeTag])]
    return Number.isFinite(step) && seconds > 0 ? { step, seconds } : null
  } catch {
    return null
  }
}
