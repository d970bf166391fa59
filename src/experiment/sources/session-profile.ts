import { readdir, realpath } from 'node:fs/promises'
import { PromptsError } from '../../errors.ts'
import { isProfileName } from '../../profile/profile-name.ts'
import { type NewestSession, newestSession } from '../run-folder/newest-session.ts'
import type { Session } from '../run-folder/run-contents.ts'
import type { ProfileHandle } from './experiment-source.ts'
import { fetchInto } from './fetch-cache.ts'
import type { FileStore } from './stores/file-store.ts'

/** The profile of a run's newest session, and a note where it was chosen among several; null where there is none. */
export function sessionProfile(
  store: FileStore,
  sessions: readonly Session[],
  cacheRoot: string,
): { profile: ProfileHandle; note: string | null } | null {
  const newest = newestSession(sessions)
  if (newest === null) return null
  return {
    profile: { name: newest.folder === '' ? newest.name : newest.folder, open: (signal) => openSession(store, newest, cacheRoot, signal) },
    note: newest.note,
  }
}

async function openSession(store: FileStore, session: NewestSession, cacheRoot: string, signal: AbortSignal): Promise<string> {
  const local = store.localPath(session.folder)
  // one of several folders lies beside other sessions: its files are brought together elsewhere
  if (local !== null && session.folders === 1) {
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
      path: session.folder === '' ? file.path : file.path.slice(session.folder.length + 1),
      bytes: file.bytes,
      version: file.version,
      open: (inner) => store.read(file.path, inner),
    })),
    { signal },
  )
}
