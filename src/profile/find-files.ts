import type { Stats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { PromptsError } from '../errors.ts'

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
  for (const nested of ['plugins/profile', 'profile', 'tensorboard/plugins/profile', '.']) {
    const runs = await runsIn(join(source, nested))
    const newest = runs.at(-1)
    if (newest === undefined) continue
    const notes = runs.length > 1 ? [`${runs.length} runs are in ${source}; the newest, ${basename(newest.path)}, was read.`] : []
    return { kind: newest.kind, files: newest.files, notes }
  }
  throw new PromptsError('bad_profile', `No profile in ${source}`, {
    hint: 'A logdir holds plugins/profile/RUN/HOST.xplane.pb; give it, the run folder or the file.',
  })
}

interface Run {
  path: string
  kind: RunFiles['kind']
  files: string[]
  changed: number
}

/** Runs, oldest first: by when their files were written, then by name. */
async function runsIn(folder: string): Promise<Run[]> {
  const runs: Run[] = []
  let names: string[]
  try {
    names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  } catch {
    return []
  }
  for (const name of names) {
    const path = join(folder, name)
    const own = await filesIn(path)
    const first = own?.files[0]
    if (own && first !== undefined) runs.push({ path, ...own, changed: (await stat(first)).mtimeMs })
  }
  return runs.sort((a, b) => a.changed - b.changed || (a.path < b.path ? -1 : 1))
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
