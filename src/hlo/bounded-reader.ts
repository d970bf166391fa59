import { PbfReader } from 'pbf'
import { type ErrorCode, PromptsError } from '../errors.ts'

const maxDepth = 64

/**
 * A protobuf reader for bytes nobody vouches for: every message, string and packed list must end inside the message that holds
 * it, and messages nest 64 deep at most. What breaks that is a PromptsError that tells the offset. The API is pbf's.
 */
export class BoundedReader extends PbfReader {
  readonly #code: ErrorCode
  readonly #what: string
  #limit: number
  #depth = 0

  /** `what` names the bytes in errors ("the HLO module"); `code` is the error's. */
  constructor(bytes: Uint8Array, options: { code: ErrorCode; what: string }) {
    super(bytes)
    this.#code = options.code
    this.#what = options.what
    this.#limit = bytes.length
  }

  /** A PromptsError that names the place in the bytes. */
  failure(problem: string, cause?: unknown): PromptsError {
    return new PromptsError(this.#code, `${this.#what} is damaged or cut short at byte ${Math.min(this.pos, this.length)}: ${problem}.`, {
      hint: 'Re-copy or regenerate the file.',
      cause,
    })
  }

  override readFields<T>(readField: (tag: number, result: T, reader: PbfReader) => void, result: T, end = this.length): T {
    const outer = this.#limit
    if (end > outer) throw this.failure('a message is longer than what holds it')
    if (++this.#depth > maxDepth) throw this.failure(`messages nest deeper than ${maxDepth}`)
    this.#limit = end
    let tag = this.nextField(end)
    while (tag !== 0) {
      if (this.pos > end) throw this.failure('a field starts past the end of its message')
      readField(tag, result, this)
      if (this.pos > end) throw this.failure(`field ${tag} ends past its message`)
      tag = this.nextField(end)
    }
    if (this.pos !== end) throw this.failure('a message ends in the middle of a field')
    this.#limit = outer
    this.#depth--
    return result
  }

  override readMessage<T>(readField: (tag: number, result: T, reader: PbfReader) => void, result: T): T {
    this.#need()
    return super.readMessage(readField, result)
  }

  override readString(): string {
    this.#need()
    return super.readString()
  }

  override readBytes(): Uint8Array {
    this.#need()
    return super.readBytes()
  }

  override readPackedEnd(): number {
    if (this.type === 2) this.#need()
    return super.readPackedEnd()
  }

  /** Checks that the length-delimited value at the cursor ends inside its message, and leaves the cursor where it was. */
  #need(): void {
    if (this.type !== 2) throw this.failure(`wire type ${this.type} where a length was due`)
    const start = this.pos
    const end = this.readVarint() + this.pos
    if (!(end <= this.#limit)) throw this.failure('a value is longer than the message that holds it')
    this.pos = start
  }
}

/** Runs a decoder and turns whatever pbf itself throws (overlong varints, unknown wire types) into the reader's coded error. */
export function decoding<T>(reader: BoundedReader, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (error instanceof PromptsError) throw error
    throw reader.failure(error instanceof Error ? error.message : String(error), error)
  }
}
