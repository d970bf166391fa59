import type { Stats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { PromptsError } from '../errors.ts'
import { compareSessions, type SessionName } from './session-order.ts'

/** The files of one run: one an XSpace of each host, or the JSON replies of a server. */
export interface RunFiles {
  kind: 'xspace' | 'json'
  files: string[]
  notes: string[]
}

const xspaceName = /\.xplane\.pb(\.gz)?$/
const jsonName = /\.json(\.gz)?$/

/** Finds the profile at `source`: a file, a run folder, or a logdir with plugins/profile/RUN; of several runs the newest. */
export async function findRunFiles(source: string): Promise<RunFiles> {
  const about = await statOf(source)
  if (!about.isDirectory()) return { kind: jsonName.test(source) ? 'json' : 'xspace', files: [source], notes: [] }
  const own = await filesIn(source)
  if (own) return { ...own, notes: [] }
  const runs = await runsBelow(source)
  const newest = runs.at(-1)
  if (newest !== undefined) {
    const notes = runs.length > 1 ? [`${runs.length} runs are in ${source}; the newest, ${newest.name}, was read.`] : []
    return { kind: newest.kind, files: newest.files, notes }
  }
  throw new PromptsError('bad_profile', `No profile in ${source}`, {
    hint: 'A logdir holds plugins/profile/RUN/HOST.xplane.pb; give it, the run folder or the file.',
  })
}

interface Run extends SessionName {
  kind: RunFiles['kind']
  files: string[]
}

/** Runs in every layout that trainers make, oldest first; where there is none of them, the folders that lie directly in `source`. */
async function runsBelow(source: string): Promise<Run[]> {
  const periodic = (await foldersIn(join(source, 'tensorboard'))).filter((path) => basename(path).startsWith('step_'))
  const managed = await foldersIn(join(source, 'managed-mldiagnostics'))
  const folders = [
    ...[source, join(source, 'tensorboard'), join(source, 'profile'), ...periodic, ...managed].map((path) => join(path, 'plugins/profile')),
    join(source, 'profile'),
  ]
  const runs = (await Promise.all(folders.map(runsIn))).flat()
  return (runs.length > 0 ? runs : await runsIn(source)).sort(compareSessions)
}

async function runsIn(folder: string): Promise<Run[]> {
  const runs: Run[] = []
  for (const path of await foldersIn(folder)) {
    const own = await filesIn(path)
    const first = own?.files[0]
    if (own && first !== undefined) runs.push({ name: basename(path), ...own, changedMs: (await stat(first)).mtimeMs })
  }
  return runs
}

async function foldersIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name))
  } catch {
    return []
  }
}

async function filesIn(folder: string): Promise<{ kind: RunFiles['kind']; files: string[] } | null> {
  const names = (await readdir(folder)).sort()
  const spaces = names.filter((name) => xspaceName.test(name))
  if (spaces.length > 0) return { kind: 'xspace', files: spaces.map((name) => join(folder, name)) }
  const replies = names.filter((name) => jsonName.test(name))
  return replies.length > 0 ? { kind: 'json', files: replies.map((name) => join(folder, name)) } : null
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
