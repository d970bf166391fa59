import { lstat, readdir, realpath } from 'node:fs/promises'
import { isAbsolute, join, relative, sep } from 'node:path'
import { PromptsError } from '../../errors.ts'

/** How much of a profile's folder is looked through; one with more is no profile. */
const bounds = { levels: 8, entries: 20_000 }

/**
 * Refuses a folder or file of this machine that an experiment names as its profile when a link in it leads out of the run's
 * folder, or when it is a pipe, socket or device itself: whoever opens one waits for ever.
 * @throws PromptsError `outside_folder`, `bad_profile`
 */
export async function refuseStrangers(home: string, local: string, named: string): Promise<void> {
  const root = await realpath(home).catch(() => home)
  const about = await lstat(local).catch(() => null)
  if (about === null) return
  if (!about.isFile() && !about.isDirectory() && !about.isSymbolicLink())
    throw new PromptsError('bad_profile', `profile "${named}" is no regular file (a pipe, socket or device)`, {
      hint: 'Name an .xplane.pb or a folder that holds one.',
    })
  let level = [local]
  let entries = 0
  for (let depth = 0; depth < bounds.levels && level.length > 0; depth++) {
    const below: string[] = []
    for (const folder of level) {
      for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
        if (++entries > bounds.entries) throw outside(named)
        const path = join(folder, entry.name)
        if (entry.isDirectory()) below.push(path)
        const target = entry.isSymbolicLink() ? await realpath(path).catch(() => null) : null
        if (target !== null && !contains(root, target)) throw outside(`${named}/${relative(local, path)}`)
      }
    }
    level = below
  }
}

function contains(folder: string, target: string): boolean {
  const way = relative(folder, target)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
}

function outside(named: string): PromptsError {
  return new PromptsError('outside_folder', `profile "${named}" lies outside the experiment's folder`, {
    hint: 'Put the profile beside experiment.yaml and name it relative to that.',
  })
}
