import { randomBytes } from 'node:crypto'
import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { EntryKind, LibraryEntry } from './library.ts'

/** One change of the library that its server does not know yet. */
export interface Change {
  /** Null where the entry is removed. */
  upsert: LibraryEntry | null
  kind: EntryKind
  tenant: string
  id: string
}

/**
 * Changes that wait for the library's server, of all processes of a bot, each written down by itself: none overwrites another's.
 */
export interface PendingChanges {
  /** Behind all that are there. */
  add(change: Change): Promise<void>
  /** The first first, under names to remove them by. */
  list(): Promise<{ name: string; change: Change }[]>
  remove(names: readonly string[]): Promise<void>
}

/** Named texts that are written once: files of a folder, or objects in a bucket. */
export interface PendingTexts {
  get(key: string): Promise<string | null>
  /** False where there is one already. */
  putIfAbsent(key: string, text: string): Promise<boolean>
  /** Keys with this prefix in ascending order. */
  list(prefix: string, limit: number): Promise<string[]>
  delete(keys: readonly string[]): Promise<void>
}

const prefix = 'library-pending/'
const most = 100_000
/** Writers that may meet at one number. */
const addTries = 100

/** Changes in numbered texts: the number that a change gets is the first behind all that nobody else took. */
export function pendingChanges(texts: PendingTexts): PendingChanges {
  return {
    async add(change) {
      const last = (await texts.list(prefix, most)).at(-1)
      const next = last === undefined ? 0 : Number(/(\d+)\.json$/.exec(last)?.[1] ?? 0) + 1
      for (let tries = 0; tries < addTries; tries += 1) {
        if (await texts.putIfAbsent(`${prefix}${String(next + tries).padStart(12, '0')}.json`, JSON.stringify(change))) return
      }
      throw new Error(`a change of the library could not be written down: ${addTries} others came first`)
    },
    async list() {
      const names = await texts.list(prefix, most)
      const found = await Promise.all(
        names.map(async (name) => {
          const text = await texts.get(name)
          // another process was first to bring it to the server
          return text === null ? [] : [{ name, change: JSON.parse(text) as Change }]
        }),
      )
      return found.flat()
    },
    remove: (names) => (names.length === 0 ? Promise.resolve() : texts.delete(names)),
  }
}

/** The files of a folder as such texts; a file is there whole or not at all. */
export function filesOf(folder: string): PendingTexts {
  return {
    get: (key) => readFile(join(folder, key), 'utf8').catch(() => null),
    async putIfAbsent(key, text) {
      const path = join(folder, key)
      await mkdir(join(path, '..'), { recursive: true, mode: 0o700 })
      const whole = `${path}.${randomBytes(6).toString('hex')}.part`
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
    async list(under, limit) {
      const names = await readdir(join(folder, under)).catch(() => [])
      return names
        .filter((name) => name.endsWith('.json'))
        .sort()
        .slice(0, limit)
        .map((name) => `${under}${name}`)
    },
    async delete(keys) {
      await Promise.all(keys.map((key) => rm(join(folder, key), { force: true })))
    },
  }
}

/** The one list that all processes of earlier versions wrote over each other: what it holds is taken over, once. */
export async function takeOverList(path: string, pending: PendingChanges): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => null)
  if (text === null) return
  let changes: Change[] = []
  try {
    changes = JSON.parse(text) as Change[]
  } catch {
    // half written by a process that died: what it held is in the runs' events
  }
  for (const change of changes) await pending.add(change)
  await rm(path, { force: true })
}
