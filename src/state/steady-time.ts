import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'

/**
 * What `steadyTime` keeps in the file: since which start of the machine, how far ahead of its steady clock, and how far it was.
 */
export const steadyTimeSchema = `
  CREATE TABLE IF NOT EXISTS steady_time (only INTEGER PRIMARY KEY CHECK (only = 1), boot TEXT NOT NULL, ahead REAL NOT NULL, seen REAL NOT NULL);
`
const noteEveryMs = 60_000

/** Clocks of this machine; tests pass others. */
export interface HostClocks {
  /** One for all processes until the machine starts anew; null where the platform does not say. */
  boot: string | null
  /** Milliseconds that only go up until then, the same in every process. */
  steadyMs: () => number
  /** Milliseconds since 1970 as the host believes; may step. */
  wallMs: () => number
}

const hostClocks = (): HostClocks => ({
  boot: bootId(),
  steadyMs: () => Number(process.hrtime.bigint()) / 1e6,
  wallMs: () => Date.now(),
})

/**
 * A file's own time, in milliseconds: one for all processes that open the file, near the wall's when it begins, and steady from
 * there. A step of the host's clock, also between a stop and a start, neither shuts what is paced nor opens what is leased.
 * After a start of the machine it goes on from the wall's time, and never from before what it was.
 */
export function steadyTime(db: DatabaseSync, clocks: HostClocks = hostClocks()): () => number {
  const boot = clocks.boot ?? `process ${randomUUID()}`
  const mine = db
    .prepare(
      `INSERT INTO steady_time VALUES (1, ?1, ?2 - ?3, ?2) ON CONFLICT (only) DO UPDATE SET
         ahead = CASE WHEN boot = ?1 THEN ahead ELSE max(?2, seen) - ?3 END, boot = ?1
       RETURNING ahead`,
    )
    .get(boot, clocks.wallMs(), clocks.steadyMs())
  const ahead = Number(mine?.['ahead'])
  const note = db.prepare('UPDATE steady_time SET seen = max(seen, ?)')
  // on a full disk time goes on; it is noted when there is room again
  const noteSeen = (now: number) => {
    try {
      note.run(now)
    } catch {}
  }
  let notedAt = Number.NEGATIVE_INFINITY
  return () => {
    const now = ahead + clocks.steadyMs()
    if (now - notedAt >= noteEveryMs) {
      notedAt = now
      noteSeen(now)
    }
    return now
  }
}

function bootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return null
  }
}
