import type { Stats } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { PromptsError } from '../errors.ts'
import { foreignFile } from './foreign-file.ts'
import { toolOfFile } from './json/replies.ts'
import { isProfileName } from './profile-name.ts'
import type { Run } from './runs.ts'
import { chooseRun } from './runs.ts'

/** The files of one run: one an XSpace of each host, or the JSON replies of a server. */
export interface RunFiles {
  kind: 'xspace' | 'json'
  files: string[]
  /** The folder's name; null for a file given by itself. */
  run: string | null
  /** Names of runs that are there too, the newest first. */
  others: string[]
  notes: string[]
}

const jsonName = /\.json(\.gz)?$/
/** How far below the folder that was given runs are looked for, and in how many folders. */
const bounds = { levels: 7, folders: 4000, files: 20_000 }

/**
 * Finds the profile at `source`: a file, a run folder, or a folder some levels above its runs; of several runs the newest by
 * name. Links are followed. @throws PromptsError bad_profile that says what is there instead
 */
export async function findRunFiles(source: string): Promise<RunFiles> {
  const about = await statOf(source)
  if (!about.isDirectory()) {
    await refuseOther(source, about)
    return { kind: jsonName.test(source) ? 'json' : 'xspace', files: [source], run: null, others: [], notes: [] }
  }
  const found = await search(source)
  const spaces = found.runs.filter((run) => run.kind === 'xspace')
  const runs = spaces.length > 0 ? spaces : found.runs
  if (runs.length === 0) throw nothingIn(source, found)
  const chosen = chooseRun(source, runs, found.empty)
  return { ...chosen, kind: runs[0]?.kind ?? 'xspace' }
}

interface Found {
  runs: Run[]
  /** Folders beside runs that hold none. */
  empty: string[]
  /** Files that a profile could be mistaken for. */
  other: string[]
  /** Names like a profile's that are no regular files. */
  special: string[]
  cut: boolean
}

/** Walks the folders level by level. */
async function search(source: string): Promise<Found> {
  const found: Found = { runs: [], empty: [], other: [], special: [], cut: false }
  const seen = new Set<string>()
  let level = [source]
  let files = 0
  for (let depth = 0; depth <= bounds.levels && level.length > 0; depth++) {
    const below: string[] = []
    for (const folder of level) {
      const real = await realpath(folder).catch(() => null)
      if (real === null || seen.has(real)) continue
      if (seen.size >= bounds.folders || files >= bounds.files) {
        found.cut = true
        return found
      }
      seen.add(real)
      const held = await look(folder, found)
      files += held.files
      if (held.run) found.runs.push(held.run)
      else below.push(...held.folders)
      // Replies are a run only where no profile lies deeper.
      if (held.run?.kind === 'json') below.push(...held.folders)
      if (!held.run && depth > 0 && held.folders.length === 0 && basename(dirname(folder)) === 'profile') found.empty.push(basename(folder))
    }
    level = below
  }
  return found
}

async function look(folder: string, found: Found): Promise<{ run: Run | null; folders: string[]; files: number }> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const folders: string[] = []
  const spaces: string[] = []
  const replies: string[] = []
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue
    const path = join(folder, entry.name)
    const about = entry.isSymbolicLink() ? await stat(path).catch(() => null) : entry
    if (about?.isDirectory()) {
      if (isProfileName(entry.name)) found.special.push(`${entry.name} is a folder`)
      else folders.push(path)
    } else if (isProfileName(entry.name)) {
      if (about?.isFile()) spaces.push(path)
      else found.special.push(`${entry.name} is no regular file`)
    } else if (about?.isFile() && jsonName.test(entry.name) && toolOfFile(path) !== null) replies.push(path)
    else if (found.other.length < 100 && foreignFile(entry.name) !== null) found.other.push(entry.name)
  }
  const own = once(spaces)
  const files = own.length > 0 ? own : replies
  const kind = own.length > 0 ? 'xspace' : 'json'
  return { run: files.length > 0 ? { path: folder, kind, files } : null, folders, files: entries.length }
}

/** A file and the same one compressed are one. */
function once(paths: readonly string[]): string[] {
  const plain = new Set(paths.filter((path) => !path.endsWith('.gz')))
  return paths.filter((path) => !path.endsWith('.gz') || !plain.has(path.slice(0, -3)))
}

function nothingIn(source: string, found: Found): PromptsError {
  const [special] = found.special
  const [other] = found.other
  const kind = other === undefined ? null : foreignFile(other)
  const why = special ? `: ${special}` : kind ? `: ${other} is ${kind.what}` : ''
  const looked = found.cut ? ` Only ${bounds.folders} folders were looked into: name one nearer to the profile.` : ''
  return new PromptsError('bad_profile', `No profile in ${source}${why}`, {
    hint: `${kind?.hint ?? 'A logdir holds plugins/profile/RUN/HOST.xplane.pb; give it, the run folder or the file.'}${looked}`,
  })
}

async function refuseOther(path: string, about: Stats): Promise<void> {
  if (!about.isFile()) {
    throw new PromptsError('bad_profile', `${path} is no regular file (a pipe, socket or device)`, {
      hint: 'Give a .xplane.pb file, a run folder or a logdir.',
    })
  }
  const kind = jsonName.test(path) && toolOfFile(path) !== null ? null : foreignFile(basename(path))
  if (kind) throw new PromptsError('bad_profile', `${path} is ${kind.what}`, { hint: kind.hint })
}

async function statOf(path: string): Promise<Stats> {
  try {
    return await stat(path)
  } catch (cause) {
    throw new PromptsError('bad_profile', `There is no profile at ${path}`, {
      hint: 'Give a .xplane.pb file, a run folder or a logdir.',
      cause,
    })
  }
}
