import { readdir, realpath } from 'node:fs/promises'
import { PromptsError } from '../../errors.ts'
import type { Session } from '../run-folder/run-contents.ts'
import type { ProfileHandle } from './experiment-source.ts'
import { fetchInto, profileFetchLimits } from './fetch-cache.ts'
import type { FileStore } from './stores/file-store.ts'

/** The newest of a run's profile sessions, and a note where it was chosen among several; null where there is none. */
export function newestSession(
  store: FileStore,
  sessions: readonly Session[],
  cacheRoot: string,
): { profile: ProfileHandle; note: string | null } | null {
  const newest = sessions.at(-1)
  if (newest === undefined) return null
  const note = sessions.length > 1 ? `${sessions.length} profile sessions are there; the newest, ${newest.name}, was read` : null
  return {
    profile: { name: newest.folder === '' ? newest.name : newest.folder, open: (signal) => openSession(store, newest, cacheRoot, signal) },
    note,
  }
}

function isProfileName(name: string): boolean {
  return /\.xplane\.pb(\.gz)?$/.test(name)
}

async function openSession(store: FileStore, session: Session, cacheRoot: string, signal: AbortSignal): Promise<string> {
  const local = store.localPath(session.folder)
  if (local !== null) {
    const [only, other] = session.files
    // a folder may hold links that were left out of the list: then only what was listed may be read
    if (only && !other) return await realpath(store.localPath(only.path)!)
    const listed = new Set(session.files.map((file) => file.path.slice(file.path.lastIndexOf('/') + 1)))
    const stranger = (await readdir(local)).find((name) => isProfileName(name) && !listed.has(name))
    if (stranger !== undefined)
      throw new PromptsError(
        'outside_folder',
        `${stranger} in the profile ${session.folder} leads out of the run's folder, or is no file`,
        {
          hint: 'Put the file itself beside the others.',
        },
      )
    return await realpath(local)
  }
  return fetchInto(
    cacheRoot,
    store.addressOf(session.folder),
    session.files.map((file) => ({
      path: file.path.slice(file.path.lastIndexOf('/') + 1),
      bytes: file.bytes,
      version: file.version,
      open: (inner) => store.read(file.path, inner),
    })),
    profileFetchLimits,
    signal,
  )
}
