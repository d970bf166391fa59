import { joinNewest } from '../../profile/runs.ts'
import type { StoredFile } from '../sources/stores/file-store.ts'
import type { Session } from './run-contents.ts'

/** The newest session of a run, with the folders that other hosts of it wrote: their ranks', or neighbours in time. */
export interface NewestSession {
  name: string
  /** What holds all of its files. */
  folder: string
  files: StoredFile[]
  /** Of how many folders it is. */
  folders: number
  /** Says what was chosen where there are others. */
  note: string | null
}

/** @param sessions oldest first; null where there is none */
export function newestSession(sessions: readonly Session[]): NewestSession | null {
  const newest = sessions.at(-1)
  if (newest === undefined) return null
  const runs = sessions.map((session) => ({
    path: session.folder,
    kind: 'xspace' as const,
    files: session.files.map((file) => file.path),
    session,
  }))
  const joined = joinNewest(runs).map(({ session }) => session)
  const others = sessions.length - joined.length
  return {
    name: newest.name,
    folder: commonFolder(joined.map(({ folder }) => folder)),
    files: joined.flatMap(({ files }) => files),
    folders: joined.length,
    note: others > 0 ? `${others + 1} profile sessions are there; the newest, ${newest.name}, was read` : null,
  }
}

function commonFolder(folders: readonly string[]): string {
  const parts = folders.map((folder) => folder.split('/'))
  const first = parts[0] ?? []
  let length = 0
  while (length < first.length && parts.every((each) => each[length] === first[length])) length += 1
  return first.slice(0, length).join('/')
}
