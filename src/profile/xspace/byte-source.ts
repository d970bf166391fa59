import { createReadStream } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { PromptsError } from '../../errors.ts'
import { foreignBytes } from '../foreign-file.ts'
import type { ProfileLimits } from '../limits.ts'

/** Bytes that can be read anywhere: a file, or what a .gz holds. */
export interface ByteSource {
  readonly name: string
  readonly size: number
  /** Fills `into` from `position`; answers how many bytes there were. */
  read(into: Uint8Array, position: number): Promise<number>
  close(): Promise<void>
}

/** Opens a profile file; a gzip (told by its first bytes, not its name) is unpacked, into a temporary file beyond `limits.memoryBytes`. */
export async function openByteSource(path: string, limits: ProfileLimits, signal?: AbortSignal): Promise<ByteSource> {
  // A pipe blocks whoever opens it: what is no file is not opened.
  const about = await stat(path).catch(() => null)
  if (about !== null && !about.isFile())
    throw new PromptsError('bad_profile', `${path} is ${about.isDirectory() ? 'a folder' : 'no regular file'}, not a profile`, {
      hint: 'Give a .xplane.pb file, a run folder or a logdir.',
    })
  const handle = await openFile(path)
  try {
    const head = new Uint8Array(headBytes)
    const { bytesRead } = await handle.read(head, 0, headBytes, 0)
    if (bytesRead >= 2 && head[0] === 0x1f && head[1] === 0x8b) return await unpack(path, limits, signal, handle)
    refuseForeign(path, head.subarray(0, bytesRead))
    const { size } = await handle.stat()
    if (size > limits.fileBytes) throw tooLarge(path, limits.fileBytes)
    return fromHandle(path, handle, size)
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** Enough of a file to tell an archive. */
const headBytes = 512

function refuseForeign(path: string, head: Uint8Array): void {
  const foreign = foreignBytes(head)
  if (foreign) throw new PromptsError('bad_profile', `${path} is ${foreign.what}`, { hint: foreign.todo })
}

/** Bytes already in memory, for tests and for what came over the network. */
export function fromBytes(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.length,
    read(into, position) {
      const part = bytes.subarray(position, position + into.length)
      into.set(part)
      return Promise.resolve(part.length)
    },
    close: () => Promise.resolve(),
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (cause) {
    throw new PromptsError('bad_profile', `Cannot open the profile ${path}`, {
      hint: 'Give a .xplane.pb file, a run folder or a logdir that can be read.',
      cause,
    })
  }
}

function fromHandle(name: string, handle: FileHandle, size: number, after?: () => Promise<void>): ByteSource {
  return {
    name,
    size,
    async read(into, position) {
      const { bytesRead } = await handle.read(into, 0, into.length, position)
      return bytesRead
    },
    async close() {
      await handle.close()
      await after?.()
    },
  }
}

async function unpack(path: string, limits: ProfileLimits, signal: AbortSignal | undefined, packed: FileHandle): Promise<ByteSource> {
  const chunks: Buffer[] = []
  let size = 0
  let spill: { handle: FileHandle; folder: string } | undefined
  const dispose = async (): Promise<void> => {
    await spill?.handle.close()
    if (spill) await rm(spill.folder, { recursive: true, force: true })
  }
  try {
    const stream = createReadStream(path, { signal }).pipe(createGunzip())
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (size === 0) refuseForeign(path, chunk.subarray(0, headBytes))
      size += chunk.length
      if (size > limits.fileBytes) throw tooLarge(path, limits.fileBytes)
      if (!spill && size > limits.memoryBytes) {
        const folder = await mkdtemp(join(tmpdir(), 'prompts-profile-'))
        spill = { folder, handle: await open(join(folder, 'unpacked.xplane.pb'), 'wx+') }
        for (const kept of chunks.splice(0)) await spill.handle.write(kept)
      }
      if (spill) await spill.handle.write(chunk)
      else chunks.push(chunk)
    }
  } catch (cause) {
    await dispose()
    if (cause instanceof PromptsError) throw cause
    signal?.throwIfAborted()
    throw new PromptsError('bad_profile', `${path} is not a whole gzip: it breaks off or is damaged after ${size} unpacked bytes`, {
      hint: 'Copy the file again.',
      cause,
    })
  }
  if (!spill) {
    await packed.close()
    return fromBytes(path, Buffer.concat(chunks))
  }
  await packed.close()
  const { folder, handle } = spill
  return fromHandle(path, handle, size, () => rm(folder, { recursive: true, force: true }))
}

function tooLarge(path: string, limit: number): PromptsError {
  return new PromptsError('too_large', `${path} holds more than ${Math.round(limit / 2 ** 20)} MiB`, {
    hint: 'Profile fewer steps, or raise the limit in the configuration.',
  })
}
