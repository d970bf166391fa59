import { isProfileName } from '../../profile/profile-name.ts'
import { compareSessions } from '../../profile/session-order.ts'
import type { FileStore, StoredFile } from '../sources/stores/file-store.ts'

/** One profile session of a run: the files of its hosts. */
export interface Session {
  name: string
  /** The folder's path in the store. */
  folder: string
  files: StoredFile[]
  changedMs: number
}

/** What a run's folder holds that says something of it. */
export interface RunContents {
  yaml: StoredFile | null
  /** TensorBoard's, oldest first. */
  events: StoredFile[]
  /** MaxText's metrics, a JSON object a line (gcs_metrics, metrics_file). */
  metrics: StoredFile[]
  /** MaxText's settings as a file, where they were saved. */
  config: StoredFile | null
  /** Kubernetes manifests beside the run. */
  manifests: StoredFile[]
  /** Results of serving benchmarks. */
  benchmarks: StoredFile[]
  /** What an engine or a trainer printed, and scripts that started one. */
  logs: StoredFile[]
  /** Oldest first. */
  sessions: Session[]
}

const maxFiles = 5000
const maxOtherFolders = 12
const maxOtherFiles = 500
/** Folders that MaxText and its neighbours make for what says something of a run; others are looked into with less patience. */
const telling = new Set(['tensorboard', 'metrics', 'managed-mldiagnostics', 'plugins', 'profile', 'profiles', 'logs', 'train', 'eval'])
const silent = new Set(['checkpoints', 'checkpoint', 'hf', 'params', 'data'])

/** Looks into the folder of a run, in every layout that its trainer makes; never below checkpoints. */
export async function runContents(store: FileStore, folder: string, signal: AbortSignal): Promise<RunContents> {
  const top = await store.list(folder, maxFiles, signal)
  const names = top.folders.map((path) => ({ path, name: path.slice(path.lastIndexOf('/') + 1) })).filter(({ name }) => !silent.has(name))
  const known = names.filter(({ name }) => telling.has(name))
  const others = names.filter(({ name }) => !telling.has(name)).slice(0, maxOtherFolders)
  const below = await Promise.all([
    ...known.map(({ path }) => store.walk(path, maxFiles, signal)),
    ...others.map(({ path }) => store.walk(path, maxOtherFiles, signal)),
  ])
  return sortOut([...top.files, ...below.flat()], folder)
}

/** Tells the files of a run apart by their names. Pure. */
export function sortOut(files: readonly StoredFile[], folder: string): RunContents {
  const contents: RunContents = { yaml: null, events: [], metrics: [], config: null, manifests: [], benchmarks: [], logs: [], sessions: [] }
  const sessions = new Map<string, Session>()
  for (const file of files) {
    const inner = folder === '' ? file.path : file.path.slice(folder.length + 1)
    const name = inner.slice(inner.lastIndexOf('/') + 1)
    if (inner === 'experiment.yaml') contents.yaml = file
    else if (inner === 'config.yml' || inner === 'config.yaml') contents.config = file
    else if (isProfileName(name)) addToSession(sessions, file)
    else if (/(^|\.)tfevents\./.test(name)) contents.events.push(file)
    else if (/^metrics_step_\d+_to_step_\d+\.txt$/.test(name) || /^metrics[^/]*\.(jsonl|txt)$/.test(name)) contents.metrics.push(file)
    else if (/^(jobset|workload|manifest)[^/]*\.(ya?ml|json)$/i.test(inner)) contents.manifests.push(file)
    else if (/\.jsonl?$/.test(inner) && !inner.includes('/')) contents.benchmarks.push(file)
    else if (/\.(log|sh|txt|cmd)$/.test(inner) && !inner.includes('/')) contents.logs.push(file)
  }
  const byName = (a: StoredFile, b: StoredFile) => baseName(a.path).localeCompare(baseName(b.path), 'en', { numeric: true })
  contents.events.sort(byName)
  contents.metrics.sort(byName)
  contents.sessions = [...sessions.values()].sort(compareSessions)
  return contents
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function addToSession(sessions: Map<string, Session>, file: StoredFile): void {
  const folder = file.path.includes('/') ? file.path.slice(0, file.path.lastIndexOf('/')) : ''
  const session = sessions.get(folder) ?? { name: baseName(folder), folder, files: [], changedMs: 0 }
  session.files.push(file)
  session.changedMs = Math.max(session.changedMs, file.changedMs)
  sessions.set(folder, session)
}
