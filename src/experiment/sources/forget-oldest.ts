import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

const keptFolders = 50
const keptBytes = 64 * 2 ** 30
/** A folder that was used this recently may still be read. */
const inUseMs = 10 * 60_000

/** Removes the least recently used folders of the cache while they are too many or too big; `current` stays. */
export async function forgetOldest(cacheRoot: string, current: string): Promise<void> {
  const folders = await Promise.all((await readdir(cacheRoot)).map((name) => sizeUp(join(cacheRoot, name))))
  folders.sort((a, b) => a.usedMs - b.usedMs)
  let count = folders.length
  let bytes = folders.reduce((sum, folder) => sum + folder.bytes, 0)
  const now = Date.now()
  for (const folder of folders) {
    if (count <= keptFolders && bytes <= keptBytes) return
    if (folder.path === current || now - folder.usedMs < inUseMs) continue
    await rm(folder.path, { recursive: true, force: true })
    count--
    bytes -= folder.bytes
  }
}

async function sizeUp(path: string): Promise<{ path: string; usedMs: number; bytes: number }> {
  const usedMs = (await stat(path).catch(() => null))?.mtimeMs ?? 0
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch(() => [])
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => (await stat(join(entry.parentPath, entry.name)).catch(() => null))?.size ?? 0),
  )
  return { path, usedMs, bytes: sizes.reduce((sum, size) => sum + size, 0) }
}
