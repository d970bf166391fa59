import { asPromptsError } from '../errors.ts'
import type { Library } from './library.ts'
import type { Change, PendingChanges } from './pending-changes.ts'

/** A library that goes on when its server is away, and says so. */
export interface FallbackLibrary extends Library {
  /** Since when the server is away, and how many changes wait for it; null while it answers. */
  degraded(): { since: Date; reason: string; waiting: number } | null
}

/** So often changes are looked for that a process which is no more has left. */
const lookAgainMs = 30_000

/**
 * The production store with the embedded one beside it. Every change goes to both; while the server is away the embedded store
 * answers, changes wait, and the first call after `retryAfterMs` tries the server again and catches it up. The embedded store
 * knows the shipped library and what this process wrote, not what other processes wrote meanwhile. What waits is written down
 * (`pending`): whichever process of the bot finds the server again brings it there.
 */
export function createFallbackLibrary(options: {
  primary: Library
  embedded: Library
  pending: PendingChanges
  retryAfterMs?: number
  /** Milliseconds of a steady clock. */
  now?: () => number
  onChange?: (state: 'away' | 'back', detail: string) => void
  /**
   * A change that the server refuses for what it is, not for how the server is: it stays in the embedded store and holds no other
   * back.
   */
  onRefused?: (change: Change, reason: string) => void
}): FallbackLibrary {
  const { primary, embedded, pending } = options
  const now = options.now ?? (() => performance.now())
  const retryAfterMs = options.retryAfterMs ?? 10_000
  let away: { since: Date; reason: string; nextTry: number } | null = null
  let waiting = 0
  let nextLook = Number.NEGATIVE_INFINITY

  async function hold(changes: Change[]): Promise<void> {
    for (const change of changes) await pending.add(change)
    waiting += changes.length
    nextLook = Number.NEGATIVE_INFINITY
  }

  /** What waits is brought to the server, of several changes of an entry the last. */
  async function catchUp(): Promise<number> {
    if (now() < nextLook) return 0
    // the place where they wait may be away itself: that says nothing of the server
    const found = await pending.list().catch(() => [])
    waiting = found.length
    const last = [...new Map(found.map(({ change }) => [`${change.kind} ${change.tenant} ${change.id}`, change])).values()]
    if (last.length > 0) {
      await applyTo(primary, last).catch(async (error: unknown) => {
        if (!isRefusal(error)) throw error
        for (const one of last) await applyOne(one)
      })
      await pending.remove(found.map(({ name }) => name))
    }
    waiting = 0
    nextLook = now() + lookAgainMs
    return last.length
  }

  async function applyOne(one: Change): Promise<void> {
    try {
      await applyTo(primary, [one])
    } catch (error) {
      if (!isRefusal(error)) throw error
      options.onRefused?.(one, asPromptsError(error).message)
    }
  }

  function markAway(error: unknown): void {
    const reason = asPromptsError(error).message
    if (away === null) {
      away = { since: new Date(), reason, nextTry: 0 }
      options.onChange?.('away', reason)
    }
    away.nextTry = now() + retryAfterMs
  }

  async function withPrimary<T>(work: () => Promise<T>): Promise<{ value: T } | null> {
    if (away !== null && now() < away.nextTry) return null
    try {
      const caughtUp = await catchUp()
      const value = await work()
      if (away !== null) {
        away = null
        options.onChange?.('back', `${caughtUp} changes caught up`)
      }
      return { value }
    } catch (error) {
      markAway(error)
      return null
    }
  }

  async function ask<T>(question: (library: Library) => Promise<T>): Promise<T> {
    const answer = await withPrimary(() => question(primary))
    return answer ? answer.value : question(embedded)
  }

  async function change(changes: Change[]): Promise<void> {
    await applyTo(embedded, changes)
    // together with what waits already, in order; one that is refused is set aside
    await hold(changes)
    await withPrimary(async () => {})
  }

  return {
    store: primary.store,
    degraded: () => (away === null ? null : { since: away.since, reason: away.reason, waiting }),
    upsert: (entries) => change(entries.map((entry) => ({ upsert: entry, kind: entry.kind, tenant: entry.tenant, id: entry.id }))),
    remove: ({ kind, tenant, ids }) => change(ids.map((id) => ({ upsert: null, kind, tenant, id }))),
    search: (query) => ask((library) => library.search(query)),
    get: (selection) => ask((library) => library.get(selection)),
    list: (selection) => ask((library) => library.list(selection)),
    hashes: (selection) => ask((library) => library.hashes(selection)),
    async close() {
      await primary.close()
      await embedded.close()
    },
  }
}

/** Whether the server answered, and will answer the same again. */
function isRefusal(error: unknown): boolean {
  return !asPromptsError(error).retryable
}

async function applyTo(library: Library, changes: readonly Change[]): Promise<void> {
  const entries = changes.flatMap((change) => change.upsert ?? [])
  if (entries.length > 0) await library.upsert(entries)
  for (const change of changes)
    if (change.upsert === null) await library.remove({ kind: change.kind, tenant: change.tenant, ids: [change.id] })
}
