/** Writes XSpace protos field by field, fast enough for files of hundreds of megabytes. */
class ByteWriter {
  bytes: Uint8Array
  length = 0

  constructor(capacity = 4096) {
    this.bytes = new Uint8Array(capacity)
  }

  private room(count: number): void {
    if (this.length + count <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }

  varint(value: number | bigint): this {
    this.room(10)
    if (typeof value === 'bigint') {
      let rest = BigInt.asUintN(64, value)
      while (rest >= 128n) {
        this.bytes[this.length++] = Number(rest & 127n) | 128
        rest >>= 7n
      }
      this.bytes[this.length++] = Number(rest)
      return this
    }
    if (value < 0) return this.varint(BigInt(value))
    let rest = value
    while (rest >= 0x80000000) {
      this.bytes[this.length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    while (rest >= 128) {
      this.bytes[this.length++] = (rest & 127) | 128
      rest >>>= 7
    }
    this.bytes[this.length++] = rest
    return this
  }

  number(field: number, value: number | bigint): this {
    return this.varint(field << 3).varint(value)
  }

  double(field: number, value: number): this {
    this.varint((field << 3) | 1)
    this.room(8)
    new DataView(this.bytes.buffer).setFloat64(this.length, value, true)
    this.length += 8
    return this
  }

  text(field: number, value: string): this {
    return this.block(field, new TextEncoder().encode(value))
  }

  block(field: number, value: Uint8Array): this {
    this.varint((field << 3) | 2).varint(value.length)
    this.room(value.length)
    this.bytes.set(value, this.length)
    this.length += value.length
    return this
  }

  message(field: number, write: (inner: ByteWriter) => void): this {
    const inner = new ByteWriter(256)
    write(inner)
    return this.block(field, inner.done())
  }

  /** A message built in `scratch`, which is emptied first: no allocation per message. */
  messageFrom(field: number, scratch: ByteWriter): this {
    return this.block(field, scratch.bytes.subarray(0, scratch.length))
  }

  clear(): this {
    this.length = 0
    return this
  }

  done(): Uint8Array {
    return this.bytes.slice(0, this.length)
  }
}

export type Stat = { int: number | bigint } | { uint: number | bigint } | { double: number } | { text: string } | { bytes: Uint8Array }

/** What an event is: its metadata. */
export interface EventKind {
  name: string
  displayName?: string
  stats?: Record<string, Stat>
}

/** A plane under construction: names get ids as they come up. */
export class PlaneWriter {
  private readonly kinds = new Map<string, { id: number; kind: EventKind }>()
  private readonly statIds = new Map<string, number>()
  private readonly planeStats: [string, Stat][] = []
  private readonly lines: LineWriter[] = []
  readonly id: number
  readonly name: string

  constructor(id: number, name: string) {
    this.id = id
    this.name = name
  }

  stat(name: string, value: Stat): this {
    this.planeStats.push([name, value])
    return this
  }

  kind(key: string, kind: EventKind): number {
    const known = this.kinds.get(key)
    if (known) return known.id
    const id = this.kinds.size + 1
    this.kinds.set(key, { id, kind })
    return id
  }

  statId(name: string): number {
    let id = this.statIds.get(name)
    if (id === undefined) {
      id = this.statIds.size + 1
      this.statIds.set(name, id)
    }
    return id
  }

  line(id: number, name: string, timestampNs: number | bigint = 0): LineWriter {
    const line = new LineWriter(this, id, name, timestampNs)
    this.lines.push(line)
    return line
  }

  /** The plane's content, in pieces to write one after another. */
  pieces(): Uint8Array[] {
    const head = new ByteWriter(256).number(1, this.id).text(2, this.name)
    const out: Uint8Array[] = [head.done()]
    for (const line of this.lines) out.push(...line.pieces())
    const tail = new ByteWriter(1 << 16)
    for (const { id, kind } of this.kinds.values()) {
      tail.message(4, (entry) =>
        entry.number(1, id).message(2, (meta) => {
          meta.number(1, id).text(2, kind.name)
          if (kind.displayName !== undefined) meta.text(4, kind.displayName)
          for (const [name, value] of Object.entries(kind.stats ?? {})) meta.message(5, (stat) => writeStat(stat, this.statId(name), value))
        }),
      )
    }
    const stats = new ByteWriter(1024)
    for (const [name, value] of this.planeStats) stats.message(6, (stat) => writeStat(stat, this.statId(name), value))
    for (const [name, id] of this.statIds)
      tail.message(5, (entry) => entry.number(1, id).message(2, (meta) => meta.number(1, id).text(2, name)))
    out.push(tail.done(), stats.done())
    return out
  }
}

/** Events of one line. */
export class LineWriter {
  private readonly full: Uint8Array[] = []
  private buffer = new ByteWriter(1 << 16)
  private readonly event = new ByteWriter(256)
  private readonly inner = new ByteWriter(64)
  private readonly plane: PlaneWriter
  private readonly head: Uint8Array
  private size = 0
  count = 0

  constructor(plane: PlaneWriter, id: number, name: string, timestampNs: number | bigint) {
    this.plane = plane
    this.head = new ByteWriter(64).number(1, id).text(2, name).number(3, timestampNs).done()
  }

  /** Adds an event; stats by name, numbers only. */
  add(kind: number, offsetPs: number, durationPs: number, stats?: Record<string, number>): this {
    const { event, inner } = this
    event.clear().number(1, kind).number(2, offsetPs).number(3, durationPs)
    if (stats !== undefined) {
      for (const name in stats) {
        inner
          .clear()
          .number(1, this.plane.statId(name))
          .number(4, stats[name] as number)
        event.messageFrom(4, inner)
      }
    }
    this.buffer.messageFrom(4, event)
    this.count++
    if (this.buffer.length > 1 << 22) {
      this.full.push(this.buffer.bytes.subarray(0, this.buffer.length))
      this.size += this.buffer.length
      this.buffer = new ByteWriter(this.buffer.bytes.length)
    }
    return this
  }

  pieces(): Uint8Array[] {
    const length = this.head.length + this.size + this.buffer.length
    return [
      new ByteWriter(16)
        .varint((3 << 3) | 2)
        .varint(length)
        .done(),
      this.head,
      ...this.full,
      this.buffer.bytes.subarray(0, this.buffer.length),
    ]
  }
}

/** The whole space, in pieces: planes and then the host's name. */
export function spacePieces(planes: readonly PlaneWriter[], hostname: string): Uint8Array[] {
  const out: Uint8Array[] = []
  for (const plane of planes) {
    const pieces = plane.pieces()
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
    out.push(
      new ByteWriter(16)
        .varint((1 << 3) | 2)
        .varint(length)
        .done(),
      ...pieces,
    )
  }
  out.push(new ByteWriter(64).text(4, hostname).done())
  return out
}

function writeStat(out: ByteWriter, id: number, value: Stat): void {
  out.number(1, id)
  if ('int' in value) out.number(4, value.int)
  else if ('uint' in value) out.number(3, value.uint)
  else if ('double' in value) out.double(2, value.double)
  else if ('text' in value) out.text(5, value.text)
  else out.block(6, value.bytes)
}
