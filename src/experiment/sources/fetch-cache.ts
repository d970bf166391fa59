import { createHash, randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { PromptsError } from '../../errors.ts'
import { forgetOldest } from './forget-oldest.ts'

const fetchesAtOnce = 4
const versionsFile = '.versions.json'

/** A file to fetch: its path below the folder, its size where the source tells it, and how to open it. */
export interface RemoteFile {
  path: string
  bytes: number | null
  /** Tells one content of the file from another; null: never the same, fetched each time. */
  version: string | null
  /** A file that can be done without: left out when it fails or takes longer than this. */
  optionalMs?: number
  open(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
}

export interface FetchLimits {
  maxFiles: number
  maxBytes: number
}

/** What a profile's files may add up to. */
export const profileFetchLimits: FetchLimits = { maxFiles: 4096, maxBytes: 64 * 2 ** 30 }

/**
 * Brings remote files into a local folder of their own, named after `origin`; one that is there in the same version is not
 * fetched again, and what the source no longer has is removed. Returns the folder. A file appears under its name only when it is
 * whole, also when several processes fetch it. The least recently used folders go when they are too many or too big.
 * @throws PromptsError `too_large`, `outside_folder` for a name that would leave the folder.
 */
export async function fetchInto(
  cacheRoot: string,
  origin: string,
  files: readonly RemoteFile[],
  { limits = profileFetchLimits, signal }: { limits?: FetchLimits; signal: AbortSignal },
): Promise<string> {
  const folder = join(cacheRoot, createHash('sha256').update(origin).digest('hex').slice(0, 24))
  if (files.length > limits.maxFiles) throw tooLarge(origin, `${files.length} files`, `${limits.maxFiles}`)
  const budget = { left: limits.maxBytes - files.reduce((sum, file) => sum + (file.bytes ?? 0), 0) }
  if (budget.left < 0) throw tooLarge(origin, `${limits.maxBytes - budget.left} bytes`, `${limits.maxBytes}`)
  await mkdir(folder, { recursive: true })
  const before = await readVersions(folder)
  const after: Record<string, string> = {}
  const kept = new Set([join(folder, versionsFile)])
  const waiting = [...files]
  const fetchNext = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const target = resolve(folder, file.path)
      if (relative(folder, target).startsWith('..') || target === folder)
        throw new PromptsError('outside_folder', `${origin} names a file "${file.path}" outside its folder`, {
          hint: 'Rename it at its source.',
        })
      if (file.version !== null) after[file.path] = file.version
      if (file.version !== null && before[file.path] === file.version && (await isThere(target, file.bytes))) {
        kept.add(target)
        continue
      }
      const tooMuch = () => tooLarge(origin, 'more bytes than it said', `${limits.maxBytes}`)
      if (await fetchIfPossible(file, target, { budget, tooMuch, signal })) kept.add(target)
    }
  }
  await Promise.all(Array.from({ length: fetchesAtOnce }, fetchNext))
  await removeOthers(folder, kept)
  await writeVersions(folder, after)
  await utimes(folder, new Date(), new Date()).catch(() => {})
  await forgetOldest(cacheRoot, folder)
  return folder
}

interface Fetching {
  budget: { left: number }
  tooMuch: () => PromptsError
  signal: AbortSignal
}

/** Whether the file is there afterwards; one that is not optional throws. */
async function fetchIfPossible(file: RemoteFile, target: string, fetching: Fetching): Promise<boolean> {
  if (file.optionalMs === undefined) {
    await fetchOne(file, target, fetching)
    return true
  }
  try {
    await fetchOne(file, target, { ...fetching, signal: AbortSignal.any([fetching.signal, AbortSignal.timeout(file.optionalMs)]) })
    return true
  } catch {
    fetching.signal.throwIfAborted()
    return false
  }
}

async function fetchOne(file: RemoteFile, target: string, { budget, tooMuch, signal }: Fetching): Promise<void> {
  await mkdir(dirname(target), { recursive: true })
  const part = `${target}.${randomBytes(6).toString('hex')}.part`
  try {
    const bound = boundBytes(file.bytes ?? budget.left, tooMuch)
    await pipeline(Readable.from(await file.open(signal)), bound.stream, createWriteStream(part), { signal })
    if (file.bytes === null) budget.left -= bound.seen()
    await rename(part, target)
  } finally {
    await rm(part, { force: true })
  }
}

async function isThere(path: string, bytes: number | null): Promise<boolean> {
  const info = await stat(path).catch(() => null)
  return info !== null && (bytes === null || info.size === bytes)
}

async function readVersions(folder: string): Promise<Record<string, string>> {
  try {
    const data: unknown = JSON.parse(await readFile(join(folder, versionsFile), 'utf8'))
    return typeof data === 'object' && data !== null ? (data as Record<string, string>) : {}
  } catch {
    return {}
  }
}

async function writeVersions(folder: string, versions: Record<string, string>): Promise<void> {
  const part = join(folder, `${versionsFile}.${randomBytes(6).toString('hex')}.part`)
  await writeFile(part, JSON.stringify(versions))
  await rename(part, join(folder, versionsFile))
}

/** What the source no longer has goes; parts that another process is fetching stay. */
async function removeOthers(folder: string, kept: ReadonlySet<string>): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile() && !kept.has(path) && !entry.name.endsWith('.part')) await rm(path, { force: true })
  }
}

function boundBytes(max: number, error: () => PromptsError): { stream: Transform; seen(): number } {
  let seen = 0
  const stream = new Transform({
    transform(chunk: Uint8Array, _, done) {
      seen += chunk.byteLength
      if (seen > max) done(error())
      else done(null, chunk)
    },
  })
  return { stream, seen: () => seen }
}

function tooLarge(origin: string, has: string, limit: string): PromptsError {
  return new PromptsError('too_large', `${origin} has ${has}; at most ${limit} are fetched`, {
    hint: 'Keep one profile run beside the experiment.',
  })
}
