import { mkdir, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { partPath } from './part-path.ts'

/** Writes a file so that a reader sees the old text or the new one, never a part, and a crash after the return loses nothing. */
export async function writeFileAtomically(path: string, text: string): Promise<void> {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const temporary = partPath(path)
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  await syncFolder(folder)
}

/**
 * A rename is durable once its folder is; some file systems cannot sync a folder, and then the rename is as durable as they make
 * it.
 */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } catch {
  } finally {
    await handle.close()
  }
}
