import { mkdir, open, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { RunEvent } from '../../contract/run.ts'

const eventSchema = z.object({ at: z.string(), kind: z.string(), name: z.string(), data: z.unknown() })

/** What may not be lost even when the machine goes down right after it was recorded. */
const durable: ReadonlySet<RunEvent['kind']> = new Set(['request', 'user_input', 'adoption', 'outcome', 'withdrawal', 'reaction'])

/** Adds one line. Where a crash tore the last line, the new one starts on a line of its own. */
export async function appendEvent(path: string, event: RunEvent): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const file = await open(path, 'a+', 0o600)
  try {
    const { size } = await file.stat()
    const last = Buffer.alloc(1)
    if (size > 0) await file.read(last, 0, 1, size - 1)
    const torn = size > 0 && last[0] !== 0x0a
    await file.appendFile(`${torn ? '\n' : ''}${JSON.stringify(event)}\n`)
    if (durable.has(event.kind)) await file.datasync()
  } finally {
    await file.close()
  }
}

/** Every whole event, oldest first. A line that a crash tore is left out: what it said had not been acknowledged. */
export async function readEvents(path: string): Promise<RunEvent[]> {
  const events: RunEvent[] = []
  for (const line of (await readTextIfThere(path))?.split('\n') ?? []) {
    if (line === '') continue
    const event = parseEvent(line)
    if (event) events.push(event)
  }
  return events
}

/** One event as it was written; null for what is none. */
export function parseEvent(line: string): RunEvent | null {
  try {
    const parsed = eventSchema.safeParse(JSON.parse(line))
    return parsed.success ? (parsed.data as RunEvent) : null
  } catch {
    return null
  }
}

/** A file's text, or null where there is no such file. */
export async function readTextIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
