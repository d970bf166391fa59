import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { writeFileAtomically } from './atomic-file.ts'
import { partPath } from './part-path.ts'

/** Named texts below a folder, as a bucket has them: keys are paths with `/`, and what is listed ends in `.json`. */
export interface FolderTexts {
  get(key: string): Promise<string | null>
  put(key: string, text: string): Promise<void>
  /** False where there is one already; of several writers at once one alone gets true. */
  putIfAbsent(key: string, text: string): Promise<boolean>
  /** Keys right below this prefix, which is a folder, in ascending order. */
  list(prefix: string, limit: number): Promise<string[]>
  delete(keys: readonly string[]): Promise<void>
}

/** The files of a folder as such texts; a file is there whole or not at all. */
export function folderTexts(folder: string): FolderTexts {
  return {
    get: (key) => readFile(join(folder, key), 'utf8').catch(() => null),
    put: (key, text) => writeFileAtomically(join(folder, key), text),
    async putIfAbsent(key, text) {
      const path = join(folder, key)
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      const whole = partPath(path)
      await writeFile(whole, text, { flag: 'wx', mode: 0o600, flush: true })
      try {
        await link(whole, path)
        return true
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
        throw error
      } finally {
        await rm(whole, { force: true })
      }
    },
    async list(prefix, limit) {
      const names = await readdir(join(folder, prefix)).catch(() => [])
      return names
        .filter((name) => name.endsWith('.json'))
        .sort()
        .slice(0, limit)
        .map((name) => `${prefix}${name}`)
    },
    async delete(keys) {
      await Promise.all(keys.map((key) => rm(join(folder, key), { force: true })))
    },
  }
}
