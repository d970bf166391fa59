import { createReadStream, type Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { FileStore, StoredFile, StoreListing } from './file-store.ts'

/** Below these a trainer keeps thousands of files that say nothing of the run. */
const passedOver = new Set(['checkpoints', 'checkpoint', 'node_modules', '.git'])
const maxDepth = 10

/** A folder of this machine (or a mounted bucket). Links are followed only where they stay inside the run's own folder. */
export function folderStore(root: string): FileStore {
  const full = (path: string) => join(root, path)
  return {
    name: `folder ${root}`,
    addressOf: full,
    localPath: full,
    async list(folder, limit, signal) {
      signal.throwIfAborted()
      const listing: StoreListing = { files: [], folders: [], cut: false }
      for (const entry of await entriesOf(full(folder))) {
        if (listing.files.length + listing.folders.length >= limit) {
          listing.cut = true
          break
        }
        const path = folder === '' ? entry.name : `${folder}/${entry.name}`
        const kind = await kindOf(entry, full(path), root, path)
        if (kind === 'folder') listing.folders.push(path)
        else if (kind === 'outside') listing.refused = [...(listing.refused ?? []), path]
        else if (kind !== null) listing.files.push({ path, ...kind })
      }
      return listing
    },
    async walk(folder, limit, signal) {
      const files: StoredFile[] = []
      const waiting: { path: string; depth: number }[] = [{ path: folder, depth: 0 }]
      for (let next = waiting.shift(); next !== undefined && files.length < limit; next = waiting.shift()) {
        const listing = await this.list(next.path, limit, signal)
        files.push(...listing.files)
        if (next.depth < maxDepth)
          for (const path of listing.folders)
            if (!passedOver.has(path.slice(path.lastIndexOf('/') + 1))) waiting.push({ path, depth: next.depth + 1 })
      }
      return files.slice(0, limit)
    },
    async read(path, signal, head) {
      return createReadStream(full(path), { signal, ...(head === undefined ? {} : { end: head - 1 }) })
    },
  }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch {
    return []
  }
}

/**
 * A regular file's facts, `folder`, `outside` for a link that leads out of the run's folder, or null for pipes, devices and dead
 * links.
 */
async function kindOf(
  entry: Dirent,
  path: string,
  root: string,
  inner: string,
): Promise<'folder' | 'outside' | Omit<StoredFile, 'path'> | null> {
  if (entry.isDirectory()) return 'folder'
  if (!entry.isFile() && !entry.isSymbolicLink()) return null
  const info = await stat(path).catch(() => null)
  if (info === null) return null
  if (entry.isSymbolicLink() && !(await staysInside(root, inner, path))) return 'outside'
  if (info.isDirectory()) return entry.isSymbolicLink() ? 'folder' : null
  if (!info.isFile()) return null
  return { bytes: info.size, version: `${info.size}-${Math.round(info.mtimeMs)}`, changedMs: info.mtimeMs }
}

/** A link directly in the root is the operator's own doing; deeper ones must stay in the run's folder. */
async function staysInside(root: string, inner: string, path: string): Promise<boolean> {
  const [run, ...rest] = inner.split('/')
  if (rest.length === 0) return true
  try {
    return contains(await realpath(join(root, run!)), await realpath(path))
  } catch {
    return false
  }
}

/** Whether a path lies in a folder; both absolute, without links. */
export function contains(folder: string, target: string): boolean {
  const way = relative(resolve(folder), resolve(target))
  return way === '' || (!way.startsWith(`..${sep}`) && way !== '..' && !isAbsolute(way))
}
