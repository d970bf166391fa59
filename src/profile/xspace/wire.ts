/**
 * Bytes that are not the protobuf they should be; `offset` is within what was being read, made absolute by whoever knows the
 * base.
 */
export class WireError extends Error {
  readonly offset: number
  constructor(offset: number, message: string) {
    super(message)
    this.offset = offset
  }
}

const text = new TextDecoder('utf-8')

/**
 * Reads protobuf fields from bytes. Varints come as numbers: exact to 2^53, which no duration or size in a profile passes
 * (ids that do are read by `bigVarint`). Positions in errors are absolute through `base`.
 */
export class Wire {
  bytes: Uint8Array
  pos: number
  end: number
  base: number

  constructor(bytes: Uint8Array, pos: number, end: number, base: number) {
    this.bytes = bytes
    this.pos = pos
    this.end = end
    this.base = base
  }

  fail(message: string): WireError {
    return new WireError(this.base + this.pos, message)
  }

  /** An unsigned varint; a negative int64 comes as its two's complement, near 2^64. */
  varint(): number {
    const bytes = this.bytes
    let pos = this.pos
    let byte = bytes[pos++] as number
    if (byte < 0x80) {
      if (pos > this.end) throw this.fail('a field breaks off')
      this.pos = pos
      return byte
    }
    let low = byte & 0x7f
    let shift = 7
    while (shift < 28) {
      byte = bytes[pos++] as number
      low |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        if (pos > this.end) throw this.fail('a field breaks off')
        this.pos = pos
        return low
      }
      shift += 7
    }
    let high = 0
    let scale = 1
    for (let rest = 0; rest < 6; rest++) {
      byte = bytes[pos++] as number
      high += (byte & 0x7f) * scale
      if (byte < 0x80) {
        if (pos > this.end) throw this.fail('a field breaks off')
        this.pos = pos
        return high * 0x10000000 + low
      }
      scale *= 128
    }
    throw this.fail(pos > this.end ? 'a field breaks off' : 'a number has more than ten bytes')
  }

  /** A signed int64 as a number. */
  int64(): number {
    const value = this.varint()
    return value >= 0x8000000000000000 ? value - 0x10000000000000000 : value
  }

  /** A varint in full, for 64-bit ids. */
  bigVarint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.pos >= this.end) throw this.fail('a field breaks off')
      const byte = this.bytes[this.pos++] as number
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    throw this.fail('a number has more than ten bytes')
  }

  double(): number {
    if (this.pos + 8 > this.end) throw this.fail('a field breaks off')
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + this.pos, 8)
    this.pos += 8
    return view.getFloat64(0, true)
  }

  /** The end of a length-delimited field that starts here. */
  blockEnd(): number {
    const length = this.varint()
    const end = this.pos + length
    if (end > this.end) throw this.fail(`a field of ${length} bytes reaches beyond what holds it`)
    return end
  }

  string(limit = Number.POSITIVE_INFINITY): string {
    const end = this.blockEnd()
    const value = text.decode(this.bytes.subarray(this.pos, Math.min(end, this.pos + limit)))
    this.pos = end
    return value
  }

  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        this.varint()
        return
      case 1:
        this.pos += 8
        break
      case 2:
        this.pos = this.blockEnd()
        return
      case 5:
        this.pos += 4
        break
      default:
        throw this.fail(`field ${tag >>> 3} has wire type ${tag & 7}, which XSpace does not use`)
    }
    if (this.pos > this.end) throw this.fail('a field breaks off')
  }
}
