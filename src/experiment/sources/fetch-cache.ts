import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { PromptsError } from '../../errors.ts'

const keptFolders = 50

/** A file to fetch: its path below the folder, its size where the source tells it, and how to open it. */
export interface RemoteFile {
  path: string
  bytes: number | null
  open(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
}

export interface FetchLimits {
  maxFiles: number
  maxBytes: number
}

/** What a profile's files may add up to. */
export const profileFetchLimits: FetchLimits = { maxFiles: 4096, maxBytes: 64 * 2 ** 30 }

/**
 * Brings remote files into a local folder of their own, named after `origin`; what is there already with the same size is not fetched again.
 * Returns the folder. A file appears under its name only when it is whole. The least recently used folders go when there are too many.
 * @throws PromptsError `too_large`, `outside_folder` for a name that would leave the folder.
 */
export async function fetchInto(
  cacheRoot: string,
  origin: string,
  files: readonly RemoteFile[],
  limits: FetchLimits,
  signal: AbortSignal,
): Promise<string> {
  const folder = join(cacheRoot, createHash('sha256').update(origin).digest('hex').slice(0, 24))
  if (files.length > limits.maxFiles) throw tooLarge(origin, `${files.length} files`, `${limits.maxFiles}`)
  let left = limits.maxBytes - files.reduce((sum, file) => sum + (file.bytes ?? 0), 0)
  if (left < 0) throw tooLarge(origin, `${limits.maxBytes - left} bytes`, `${limits.maxBytes}`)
  for (const file of files) {
    const target = resolve(folder, file.path)
    if (relative(folder, target).startsWith('..'))
      throw new PromptsError('outside_folder', `${origin} names a file "${file.path}" outside its folder`, {
        hint: 'Rename it at its source.',
      })
    const there = await stat(target).catch(() => null)
    if (there && file.bytes !== null && there.size === file.bytes) continue
    await mkdir(dirname(target), { recursive: true })
    const part = `${target}.${process.pid}.part`
    try {
      const bound = boundBytes(file.bytes ?? left, () => tooLarge(origin, 'more bytes than it said', `${limits.maxBytes}`))
      await pipeline(Readable.from(await file.open(signal)), bound.stream, createWriteStream(part), { signal })
      if (file.bytes === null) left -= bound.seen()
      await rename(part, target)
    } finally {
      await rm(part, { force: true })
    }
  }
  await utimes(folder, new Date(), new Date()).catch(() => {})
  await forgetOldest(cacheRoot)
  return folder
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

async function forgetOldest(cacheRoot: string): Promise<void> {
  const names = await readdir(cacheRoot)
  if (names.length <= keptFolders) return
  const aged = await Promise.all(
    names.map(async (name) => ({ name, used: (await stat(join(cacheRoot, name)).catch(() => null))?.mtimeMs ?? 0 })),
  )
  aged.sort((a, b) => a.used - b.used)
  for (const { name } of aged.slice(0, names.length - keptFolders)) await rm(join(cacheRoot, name), { recursive: true, force: true })
}

function tooLarge(origin: string, has: string, limit: string): PromptsError {
  return new PromptsError('too_large', `${origin} has ${has}; at most ${limit} are fetched`, {
    hint: 'Keep one profile run beside the experiment.',
  })
}
