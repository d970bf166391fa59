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

/**
 * Opens a profile file; a gzip (told by its first bytes, not its name) is unpacked, into a temporary file beyond
 * `limits.memoryBytes`.
 */
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
  if (foreign) throw new PromptsError('bad_profile', `${path} is ${foreign.what}`, { hint: foreign.hint })
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

/**
 * What is unpacked so far: in memory, then in a temporary file that has no name any more, so that nothing stays when the process
 * dies.
 */
class Unpacked {
  size = 0
  readonly #chunks: Buffer[] = []
  #count = 0
  #spill: { handle: FileHandle; folder: string } | undefined
  readonly #path: string
  readonly #packedSize: number
  readonly #limits: ProfileLimits

  constructor(path: string, packedSize: number, limits: ProfileLimits) {
    this.#path = path
    this.#packedSize = packedSize
    this.#limits = limits
  }

  async add(chunk: Buffer): Promise<void> {
    const [path, limits] = [this.#path, this.#limits]
    if (this.size === 0) refuseForeign(path, chunk.subarray(0, headBytes))
    this.size += chunk.length
    this.#count++
    if (this.size > limits.fileBytes) throw tooLarge(path, limits.fileBytes)
    if (this.size > limits.memoryBytes && this.size > this.#packedSize * limits.unpackRatio)
      throw bomb(path, `${limits.unpackRatio} times its size`)
    if (this.#count > fewMembers && this.size < this.#count * leastPerChunk)
      throw bomb(path, `thousands of pieces of ${leastPerChunk} bytes or less`)
    if (!this.#spill && this.size > limits.memoryBytes) this.#spill = await openSpill()
    if (!this.#spill) this.#chunks.push(chunk)
    else {
      for (const kept of this.#chunks.splice(0)) await this.#spill.handle.write(kept)
      await this.#spill.handle.write(chunk)
    }
  }

  async dispose(): Promise<void> {
    await this.#spill?.handle.close()
    if (this.#spill) await rm(this.#spill.folder, { recursive: true, force: true })
  }

  source(): ByteSource {
    if (!this.#spill) return fromBytes(this.#path, Buffer.concat(this.#chunks))
    const { folder, handle } = this.#spill
    return fromHandle(this.#path, handle, this.size, () => rm(folder, { recursive: true, force: true }))
  }
}

/** A gzip's pieces are 16 kB each; one made of many tiny members costs far more than it holds. */
const fewMembers = 4096
const leastPerChunk = 1024

async function openSpill(): Promise<{ handle: FileHandle; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'prompts-profile-'))
  const handle = await open(join(folder, 'unpacked.xplane.pb'), 'wx+')
  // Where the system lets an open file lose its name, it does at once; elsewhere it goes when it is closed.
  await rm(folder, { recursive: true, force: true }).catch(() => undefined)
  return { handle, folder }
}

async function unpack(path: string, limits: ProfileLimits, signal: AbortSignal | undefined, packed: FileHandle): Promise<ByteSource> {
  const unpacked = new Unpacked(path, (await packed.stat()).size, limits)
  const deadline = performance.now() + limits.readMs
  try {
    const stream = createReadStream(path, { signal }).pipe(createGunzip())
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (performance.now() > deadline) throw tooLong(path, limits.readMs)
      await unpacked.add(chunk)
    }
  } catch (cause) {
    await unpacked.dispose()
    if (cause instanceof PromptsError) throw cause
    signal?.throwIfAborted()
    throw new PromptsError(
      'bad_profile',
      `${path} is not a whole gzip: it breaks off or is damaged after ${unpacked.size} unpacked bytes`,
      {
        hint: 'Copy the file again.',
        cause,
      },
    )
  }
  await packed.close()
  return unpacked.source()
}

function bomb(path: string, what: string): PromptsError {
  return new PromptsError('too_large', `${path} unpacks to ${what}: no profile does`, { hint: 'Give the .xplane.pb itself, unpacked.' })
}

/** A reader keeps its own deadline, whoever waits for it. */
export function tooLong(path: string, limitMs: number): PromptsError {
  return new PromptsError('too_large', `${path} was not read within ${Math.round(limitMs / 1000)} s`, {
    hint: 'Profile fewer steps, or raise the limit in the configuration.',
  })
}

function tooLarge(path: string, limit: number): PromptsError {
  return new PromptsError('too_large', `${path} holds more than ${Math.round(limit / 2 ** 20)} MiB`, {
    hint: 'Profile fewer steps, or raise the limit in the configuration.',
  })
}
