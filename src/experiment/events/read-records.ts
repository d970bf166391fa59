import { maskedCrc32c } from './crc32c.ts'

const headBytes = 12
const footBytes = 4

/** What became of a file's records. */
export interface RecordsEnd {
  /** The last record is not whole: the file is still being written, or was cut. */
  truncated: boolean
  /** Records passed over because their checksum is wrong or they are longer than the limit. */
  skipped: number
  /** Where the framing itself stopped making sense; what follows was not read. */
  brokenAt: number | null
}

/**
 * Reads TFRecord framing (length u64, masked CRC-32C of it, payload, masked CRC-32C of that) from chunks of bytes, holding one
 * record at a time. A payload whose checksum is wrong is passed over; a length whose checksum is wrong ends the reading, since
 * nothing after it can be found.
 */
export async function readRecords(
  chunks: AsyncIterable<Uint8Array>,
  onRecord: (payload: Uint8Array) => void,
  maxRecordBytes: number,
): Promise<RecordsEnd> {
  const end: RecordsEnd = { truncated: false, skipped: 0, brokenAt: null }
  let held = new Uint8Array(0)
  let offset = 0
  let toSkip = 0
  for await (const chunk of chunks) {
    let fresh = chunk
    if (toSkip > 0) {
      const skipped = Math.min(toSkip, fresh.length)
      toSkip -= skipped
      offset += skipped
      fresh = fresh.subarray(skipped)
    }
    held = held.length === 0 ? (fresh as Uint8Array<ArrayBuffer>) : joined(held, fresh)
    let position = 0
    while (held.length - position >= headBytes) {
      const view = new DataView(held.buffer, held.byteOffset + position)
      const length = Number(view.getBigUint64(0, true))
      if (maskedCrc32c(held.subarray(position, position + 8)) !== view.getUint32(8, true)) {
        end.brokenAt = offset + position
        return end
      }
      const whole = headBytes + length + footBytes
      if (length > maxRecordBytes) {
        end.skipped++
        const there = Math.min(whole, held.length - position)
        toSkip = whole - there
        position += there
        continue
      }
      if (held.length - position < whole) break
      const payload = held.subarray(position + headBytes, position + headBytes + length)
      if (maskedCrc32c(payload) === view.getUint32(headBytes + length, true)) onRecord(payload)
      else end.skipped++
      position += whole
    }
    offset += position
    held = held.subarray(position)
  }
  end.truncated = held.length > 0 || toSkip > 0
  return end
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}
