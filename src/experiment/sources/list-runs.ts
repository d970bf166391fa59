import { experimentIdSchema } from '../../contract/experiment.ts'
import { emptyEntry, type RunEntry } from './experiment-source.ts'
import { lookAtRun } from './look-at-run.ts'
import type { IndexedRun, RunIndex } from './run-index.ts'
import type { FileStore } from './stores/file-store.ts'

const maxFolders = 50_000
const looksAtOnce = 16
/** How long a list may take to look at runs that it does not know; the rest are looked at by the next one. */
const budgetMs = 1500
/** A run that was just looked at, and one that has long been still, need not be looked at again so soon. */
const freshMs = 30_000
const stillMs = 24 * 3600_000
const stillFreshMs = 3600_000

/**
 * Runs of a store, newest first: from the index where it knows them, the others looked at within a budget of time and by name
 * alone beyond it.
 */
export async function listRuns({
  store,
  index,
  limit,
  signal,
}: {
  store: FileStore
  index: RunIndex | null
  limit: number
  signal: AbortSignal
}): Promise<RunEntry[]> {
  const { folders } = await store.list('', maxFolders, signal)
  const ids = folders.filter((id) => experimentIdSchema.safeParse(id).success)
  const known = index?.all(store.name) ?? new Map<string, IndexedRun>()
  const now = Date.now()
  const due = ids.filter((id) => isDue(known.get(id), now))
  // the unknown ones first, then those that were not looked at for longest
  due.sort((a, b) => (known.get(a)?.checkedMs ?? 0) - (known.get(b)?.checkedMs ?? 0) || (a < b ? 1 : -1))
  const looked = await lookAtMany(store, due, now + budgetMs, signal)
  if (looked.size > 0) index?.put(store.name, looked)
  const entries = ids.flatMap((id): RunEntry[] => {
    const one = looked.get(id) ?? known.get(id)
    if (one === undefined) return [{ id, ...emptyEntry }]
    return one.entry === null ? [] : [one.entry]
  })
  return entries.sort((a, b) => (b.at ?? '').localeCompare(a.at ?? '')).slice(0, limit)
}

function isDue(known: IndexedRun | undefined, now: number): boolean {
  if (known === undefined) return true
  const at = known.entry?.at ? Date.parse(known.entry.at) : 0
  return now - known.checkedMs > (now - at > stillMs ? stillFreshMs : freshMs)
}

async function lookAtMany(
  store: FileStore,
  ids: readonly string[],
  untilMs: number,
  signal: AbortSignal,
): Promise<Map<string, IndexedRun>> {
  const looked = new Map<string, IndexedRun>()
  const waiting = ids.values()
  const lookOn = async (): Promise<void> => {
    for (const id of waiting) {
      if (Date.now() > untilMs) return
      const entry = await lookAtRun(store, id, signal)
      looked.set(id, { checkedMs: Date.now(), orderMs: entry?.at ? Date.parse(entry.at) : 0, entry })
    }
  }
  await Promise.all(Array.from({ length: looksAtOnce }, lookOn))
  return looked
}
