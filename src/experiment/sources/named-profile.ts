import { isAbsolute } from 'node:path'
import { PromptsError } from '../../errors.ts'
import { sortOut } from '../run-folder/run-contents.ts'
import type { ProfileHandle } from './experiment-source.ts'
import { fetchInto, profileFetchLimits } from './fetch-cache.ts'
import { refuseStrangers } from './refuse-strangers.ts'
import { sessionProfile } from './session-profile.ts'
import type { FileStore, StoredFile } from './stores/file-store.ts'

/**
 * The profile that an experiment file names, refused unless it lies in the run's folder; null where nothing is there.
 * @throws PromptsError `outside_folder`
 */
export async function namedProfile(
  named: string,
  { store, folder, cacheRoot }: { store: FileStore; folder: string; cacheRoot: string },
  signal: AbortSignal,
): Promise<ProfileHandle | null> {
  const parts = named.split('/').filter((part) => part !== '' && part !== '.')
  if (isAbsolute(named) || named.includes('\\') || parts.includes('..')) throw outside(named)
  const path = [folder, ...parts].join('/')
  const [home, local] = [store.localPath(folder), store.localPath(path)]
  if (home !== null && local !== null) await refuseStrangers(home, local, named)
  const at = await whatIsAt(store, path, signal)
  if (at === 'nothing') return null
  if (at === 'outside') throw outside(named)
  const newest = sessionProfile(store, sortOut(at, path).sessions, cacheRoot)
  if (newest !== null) return { ...newest.profile, name: named }
  return { name: named, open: (inner) => openWhole({ store, path, files: at, cacheRoot }, inner) }
}

/** The file at a path, or all below it where it is a folder; `outside` for a link that leads out of the run's folder. */
async function whatIsAt(store: FileStore, path: string, signal: AbortSignal): Promise<StoredFile[] | 'nothing' | 'outside'> {
  const beside = await store.list(path.slice(0, path.lastIndexOf('/')), profileFetchLimits.maxFiles, signal)
  const own = beside.files.find((file) => file.path === path)
  if (own) return [own]
  if (beside.folders.includes(path)) return store.walk(path, profileFetchLimits.maxFiles + 1, signal)
  return beside.refused?.includes(path) ? 'outside' : 'nothing'
}

/** Saved replies of a server, or a file of another name: all of it as it lies. */
async function openWhole(
  { store, path, files, cacheRoot }: { store: FileStore; path: string; files: readonly StoredFile[]; cacheRoot: string },
  signal: AbortSignal,
): Promise<string> {
  const local = store.localPath(path)
  if (local !== null) return local
  const [only] = files
  const single = files.length === 1 && only?.path === path
  const name = (file: StoredFile) => (single ? path.slice(path.lastIndexOf('/') + 1) : file.path.slice(path.length + 1))
  const fetched = await fetchInto(
    cacheRoot,
    store.addressOf(path),
    files.map((file) => ({ path: name(file), bytes: file.bytes, version: file.version, open: (inner) => store.read(file.path, inner) })),
    { signal },
  )
  return single && only ? `${fetched}/${name(only)}` : fetched
}

function outside(named: string): PromptsError {
  return new PromptsError('outside_folder', `profile "${named}" lies outside the experiment's folder`, {
    hint: 'Put the profile beside experiment.yaml and name it relative to that.',
  })
}
