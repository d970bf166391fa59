import type { ByteSource } from './byte-source.ts'
import { tooLong } from './byte-source.ts'
import { WireError } from './wire.ts'

const chunkBytes = 1 << 18

/** A moving view of a source: `bytes[position - base]`. Grows only for a single field larger than a chunk. */
export class Window {
  bytes = new Uint8Array(chunkBytes)
  base = 0
  length = 0
  readonly source: ByteSource
  readonly signal: AbortSignal | undefined
  readonly #readMs: number
  readonly #startedMs = performance.now()

  constructor(source: ByteSource, signal?: AbortSignal, readMs = Number.POSITIVE_INFINITY) {
    this.source = source
    this.signal = signal
    this.#readMs = readMs
  }

  /** Whether `count` bytes from `position` are in view (at the end of the source: all there are). */
  holds(position: number, count: number): boolean {
    return position >= this.base && Math.min(position + count, this.source.size) <= this.base + this.length
  }

  /** Brings at least `count` bytes from `position` into view. */
  async load(position: number, count: number): Promise<void> {
    if (this.holds(position, count)) return
    this.signal?.throwIfAborted()
    if (performance.now() - this.#startedMs > this.#readMs) throw tooLong(this.source.name, this.#readMs)
    if (position > this.source.size) throw new WireError(this.source.size, 'the file ends early')
    const wanted = Math.min(Math.max(count, chunkBytes), this.source.size - position)
    if (wanted > this.bytes.length) this.bytes = new Uint8Array(wanted)
    else if (this.bytes.length > 4 * chunkBytes && wanted <= chunkBytes) this.bytes = new Uint8Array(chunkBytes)
    let filled = 0
    while (filled < wanted) {
      const got = await this.source.read(this.bytes.subarray(filled, wanted), position + filled)
      if (got === 0) break
      filled += got
    }
    this.base = position
    this.length = filled
  }
}
