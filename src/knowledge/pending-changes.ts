import { readFile, rm } from 'node:fs/promises'
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
